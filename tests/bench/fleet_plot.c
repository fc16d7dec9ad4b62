/* SPDX-License-Identifier: MIT */
#include "tests/bench/fleet_plot.h"
#include <math.h>
#include <stdlib.h>

/* px */
#define PANEL_WIDTH 640.0
#define PANEL_HEIGHT 340.0
#define HEAD 74.0
#define LEFT 74.0
#define RIGHT 18.0
#define TOP 34.0
#define BOTTOM 48.0
#define WIDTH (PANEL_WIDTH - LEFT - RIGHT)
#define HEIGHT (PANEL_HEIGHT - TOP - BOTTOM)
#define TICKS 8 /* about so many on an axis */

#define BARS_MAX 1500 /* more than there are pixels */
#define ANSWERED "#2a6fb0"
#define UNANSWERED "#d9822b"

struct bars {
	double answered[BARS_MAX], others[BARS_MAX];
	size_t count;
	double highest;
};

static void count_bars(const struct plot_panel *p, const struct traffic *t, struct bars *bars)
{
	*bars = (struct bars){ .count = (size_t)((p->until - p->from + p->step - 1) / p->step) };
	if (bars->count > BARS_MAX)
		bars->count = BARS_MAX;
	for (size_t i = 0; i < t->count; i++) {
		const struct request *r = &t->requests[i];
		size_t bar = r->at >= p->from && r->at < p->until ? (size_t)((r->at - p->from) / p->step) : BARS_MAX;
		if (bar < bars->count)
			(r->is_answered ? bars->answered : bars->others)[bar]++;
	}
	for (size_t i = 0; i < bars->count; i++)
		bars->highest = fmax(bars->highest, bars->answered[i] + bars->others[i]);
}

/* 1, 2 or 5 times a power of ten, so that `range` has about TICKS of them. */
static double tick_of(double range)
{
	double raw = range / TICKS, power = pow(10, floor(log10(raw)));
	return raw <= 2 * power ? 2 * power : raw <= 5 * power ? 5 * power : 10 * power;
}

static void text(FILE *out, double x, double y, const char *class, const char *words)
{
	fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">%s</text>\n", x, y, class, words);
}

static void axes(FILE *out, const struct plot_panel *p, double y_max)
{
	char label[32];
	double begin = (double)p->from / (double)p->x_unit - p->x_zero, range = (double)(p->until - p->from) / (double)p->x_unit;
	double tick = tick_of(y_max);
	for (double y = 0; y <= y_max; y += tick) {
		double at = HEIGHT - y / y_max * HEIGHT;
		fprintf(out, "<path d=\"M0 %.1fH%.1f\" class=\"grid\"/>\n", at, WIDTH);
		snprintf(label, sizeof label, "%.10g", y);
		text(out, -8, at + 4, "y", label);
	}
	tick = tick_of(range);
	for (double x = ceil(begin / tick) * tick; x <= begin + range + tick / 1000; x += tick) {
		double at = (x - begin) / range * WIDTH;
		fprintf(out, "<path d=\"M%.1f %.1fv5\" class=\"axis\"/>\n", at, HEIGHT);
		snprintf(label, sizeof label, "%.10g", fabs(x) < tick / 1000 ? 0 : x);
		text(out, at, HEIGHT + 18, "x", label);
	}
	fprintf(out, "<path d=\"M0 0V%.1fH%.1f\" class=\"axis\"/>\n", HEIGHT, WIDTH);
	text(out, WIDTH / 2, HEIGHT + 38, "x", p->x_label);
	fprintf(out, "<text transform=\"translate(-56 %.1f) rotate(-90)\" class=\"x\">%s</text>\n", HEIGHT / 2, p->y_label);
	text(out, 0, -12, "title", p->title);
}

static void draw_bars(FILE *out, const struct plot_panel *p, const struct bars *bars, double y_max)
{
	double width = WIDTH * (double)p->step / (double)(p->until - p->from);
	for (int layer = 0; layer < 2; layer++) {
		fprintf(out, "<path class=\"%s\" d=\"", layer == 0 ? "answered" : "others");
		for (size_t i = 0; i < bars->count; i++) {
			double bottom = layer == 0 ? 0 : fmin(bars->answered[i], y_max);
			double top = fmin(bars->answered[i] + (layer == 0 ? 0 : bars->others[i]), y_max);
			if (top > bottom)
				fprintf(out, "M%.2f %.2fV%.2fh%.2fV%.2fz", (double)i * width, HEIGHT * (1 - bottom / y_max),
				        HEIGHT * (1 - top / y_max), width, HEIGHT * (1 - bottom / y_max));
		}
		fprintf(out, "\"/>\n");
	}
	if (bars->highest > y_max) {
		char label[64];
		snprintf(label, sizeof label, "bars are cut; the highest is %.0f", bars->highest);
		text(out, WIDTH - 4, 12, "label", label);
	}
}

static void draw_lines(FILE *out, const struct plot_panel *p, double y_max)
{
	for (size_t i = 0; i < sizeof p->lines / sizeof p->lines[0]; i++) {
		double value = p->lines[i].value, at = HEIGHT * (1 - value / y_max);
		if (value <= 0 || value > y_max)
			continue;
		fprintf(out, "<path d=\"M0 %.1fH%.1f\" class=\"line\"/>\n", at, WIDTH);
		text(out, WIDTH - 4, at - 4, "label", p->lines[i].label);
	}
}

static void draw_panel(FILE *out, const struct plot_panel *p, const struct traffic *t)
{
	static struct bars bars;
	count_bars(p, t, &bars);
	double y_max = p->y_max > 0 ? p->y_max : bars.highest;
	for (size_t i = 0; i < sizeof p->lines / sizeof p->lines[0] && p->y_max <= 0; i++)
		y_max = fmax(y_max, p->lines[i].value);
	y_max = y_max > 0 ? y_max * (p->y_max > 0 ? 1 : 1.08) : 1;
	axes(out, p, y_max);
	draw_bars(out, p, &bars, y_max);
	draw_lines(out, p, y_max);
}

void plot_write(FILE *out, const char *title, const struct plot_panel *panels, const struct traffic *traffic,
                size_t count)
{
	double height = HEAD + PANEL_HEIGHT * (double)((count + 1) / 2);
	fprintf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" height=\"%.0f\">\n",
	        2 * PANEL_WIDTH, height, 2 * PANEL_WIDTH, height);
	fprintf(out, "<style>text{font:12px sans-serif;fill:#333}.h{font-size:17px;font-weight:bold}.title{font-size:14px;"
	             "font-weight:bold}.x{text-anchor:middle}.y,.label{text-anchor:end}.label{fill:#a02020;paint-order:stroke;"
	             "stroke:#fff;stroke-width:3px}path{fill:none}"
	             ".grid{stroke:#ddd}.axis{stroke:#333}.line{stroke:#a02020;stroke-dasharray:6 4}.answered{fill:" ANSWERED
	             "}.others{fill:" UNANSWERED "}</style>\n<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n");
	text(out, LEFT, 28, "h", title);
	fprintf(out, "<rect x=\"%.0f\" y=\"42\" width=\"12\" height=\"12\" fill=\"" ANSWERED "\"/>\n", LEFT);
	text(out, LEFT + 18, 53, "k", "answered with a certificate");
	fprintf(out, "<rect x=\"%.0f\" y=\"42\" width=\"12\" height=\"12\" fill=\"" UNANSWERED "\"/>\n", LEFT + 200);
	text(out, LEFT + 218, 53, "k", "not answered: server busy (503) or down");
	for (size_t i = 0; i < count; i++) {
		fprintf(out, "<g transform=\"translate(%.1f %.1f)\">\n", LEFT + PANEL_WIDTH * (double)(i % 2),
		        HEAD + TOP + PANEL_HEIGHT * (double)(i / 2));
		draw_panel(out, &panels[i], &traffic[i]);
		fprintf(out, "</g>\n");
	}
	fprintf(out, "</svg>\n");
}

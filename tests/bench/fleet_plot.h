/* SPDX-License-Identifier: MIT */
#ifndef TESTS_BENCH_FLEET_PLOT_H
#define TESTS_BENCH_FLEET_PLOT_H
#include <stdio.h>
#include "tests/bench/fleet_sim.h"
#ifdef __cplusplus
extern "C" {
#endif

struct plot_line {
	double value; /* requests a bar; 0: no line */
	const char *label;
};

/* One panel: stacked bars of requests over [from, until), one for each `step` ms; answered below, others on top. */
struct plot_panel {
	const char *title, *x_label, *y_label;
	int64_t from, until, step;
	int64_t x_unit; /* ms of one unit of the axis */
	double x_zero;  /* what the axis says at time 0, in units */
	double y_max;   /* bars above are cut, and the panel says how high they were; 0: as high as the highest */
	struct plot_line lines[2];
};

/** An SVG of panels two in a row; `traffic` has one for each. */
void plot_write(FILE *out, const char *title, const struct plot_panel *panels, const struct traffic *traffic,
                size_t count);

#ifdef __cplusplus
}
#endif
#endif

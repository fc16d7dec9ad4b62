/* SPDX-License-Identifier: MIT */
#ifndef TESTS_FUZZ_DER_MUTATOR_H
#define TESTS_FUZZ_DER_MUTATOR_H
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

/**
 * Structure for libFuzzer: der_mutator.c holds the LLVMFuzzerCustomMutator and LLVMFuzzerCustomCrossOver of the targets
 * that are linked with it. One element of the input is changed (its content, its tag, its place, its number, its form of
 * length) and the lengths of all elements around it are repaired, also through OCTET STRINGs and BIT STRINGs that hold DER. One
 * mutation in eight is libFuzzer's own, on bytes.
 */

#define DER_NODES_MAX 4096 /* elements looked at: more than a message of 64 KiB has in practice */

/** An element of a tree; offsets in bytes. */
struct der_node {
	size_t start, content, end;
	int parent; /* index, -1: none */
};

/** The elements of `data` from the outside in, in their order; bytes that are no element end the list. Returns their count. */
size_t der_nodes_read(const uint8_t *data, size_t size, struct der_node *out, size_t cap);

/** libFuzzer's entry points, which this file defines. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size, uint8_t *out,
                                 size_t max_size, unsigned int seed);

#ifdef __cplusplus
}
#endif
#endif

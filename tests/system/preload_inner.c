/* SPDX-License-Identifier: MIT */
/* preload_inner.c - a library in a subdirectory that only preload_outer's RUNPATH names. */
int preload_inner_answer(void);

int preload_inner_answer(void)
{
	return 42;
}

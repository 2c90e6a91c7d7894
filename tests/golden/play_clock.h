/* SPDX-License-Identifier: MIT */
/* play_clock.h - the clock of play.c, which stands still until the script moves it. Included in front of everything by the build.
 */
#ifndef BL_TESTS_GOLDEN_PLAY_CLOCK_H
#define BL_TESTS_GOLDEN_PLAY_CLOCK_H

#include <stdint.h>

extern uint64_t play_clock;

#define bl_port_clock(ring) play_clock

#endif

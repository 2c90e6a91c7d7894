/* SPDX-License-Identifier: MIT */
/*
 * orders.c - a program with trace points, worth copying: a shop that takes orders in a few threads.
 *
 *     borelog record -- orders
 *     borelog record -e 'shop:order_end if cents > 4000' -- orders
 */
#include <borelog.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum state { STATE_NEW, STATE_PAID, STATE_SHIPPED };

/* Names for the values of an enumeration; they go into the trace's metadata, not into its records. */
BORELOG_ENUM(states, {STATE_NEW, "new"}, {STATE_PAID, "paid"}, {STATE_SHIPPED, "shipped"});

struct order {
	unsigned number;
	unsigned cents;
	enum state state;
};

static unsigned price(const char *article)
{
	unsigned sum = 0, round;

	/* Some work, so that there is something to see on the time line. */
	for (round = 0; round < 200; round++)
		for (const char *at = article; *at; at++)
			sum = sum * 31 + (unsigned char)*at;
	return sum % 10000;
}

static void move_on(struct order *order, enum state state)
{
	order->state = state;
	borelog_event("shop", "state", borelog_named(order, order->number), borelog_named(state, borelog_enum(order->state, states)));
}

static void take_order(unsigned number, const char *article)
{
	struct order order = {.number = number};

	/* A span: begin and end of something that takes time. */
	borelog_begin("shop", "order", number, article);
	order.cents = price(article);
	move_on(&order, STATE_PAID);
	move_on(&order, STATE_SHIPPED);
	borelog_end("shop", "order", number, borelog_named(cents, order.cents));
}

static void *clerk(void *arg)
{
	static const char *const articles[] = {"drill", "core barrel", "casing", "mud pump"};
	const unsigned first = *(const unsigned *)arg;
	unsigned i;

	for (i = 0; i < 1000; i++)
		take_order(first + i, articles[i % 4]);
	return NULL;
}

int main(void)
{
	unsigned firsts[] = {10000, 20000, 30000};
	pthread_t threads[3];
	size_t i;

	for (i = 0; i < 3; i++)
		if (pthread_create(&threads[i], NULL, clerk, &firsts[i]))
			return EXIT_FAILURE;
	for (i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	puts("3000 orders");
	return EXIT_SUCCESS;
}

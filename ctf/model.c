/* SPDX-License-Identifier: MIT */
/**
 * model.c - memory of a model, its classes and lists, its one error.
 */
#include "ctf/layout.h"
#include "ctf/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE ((size_t)64 << 10)

struct arena_block {
	struct arena_block *next;
	size_t size;
	_Alignas(16) char bytes[];
};

static struct arena_block *block_add(struct arena *arena, size_t size)
{
	struct arena_block *block;

	if (size < BLOCK_SIZE)
		size = BLOCK_SIZE;
	block = calloc(1, sizeof(*block) + size);
	if (!block)
		return NULL;
	block->next = arena->blocks;
	block->size = size;
	arena->blocks = block;
	arena->used = 0;
	return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	struct arena_block *block = arena->blocks;
	void *memory;

	if (size > SIZE_MAX / 2)
		return NULL;
	size = (size + 15) & ~(size_t)15;
	if (!block || block->size - arena->used < size)
		block = block_add(arena, size);
	if (!block)
		return NULL;
	memory = block->bytes + arena->used;
	arena->used += size;
	return memory;
}

char *arena_text(struct arena *arena, const char *text, size_t size)
{
	char *copy = arena_alloc(arena, size + 1);

	if (copy && size)
		memcpy(copy, text, size);
	return copy;
}

void arena_free(struct arena *arena)
{
	while (arena->blocks) {
		struct arena_block *block = arena->blocks;

		arena->blocks = block->next;
		free(block);
	}
	arena->used = 0;
}

void model_init(struct ctf_model *model, const char *path, struct ctf_error *error)
{
	*model = (struct ctf_model){.path = path, .error = error, .max_classes = CTF_CLASSES_FREE};
	*error = (struct ctf_error){.what = error->text};
}

void model_lists_free(struct ctf_model *model)
{
	struct model_list *lists[] = {&model->clocks, &model->streams, &model->events, &model->envs};

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		free(lists[i]->items);
		*lists[i] = (struct model_list){0};
	}
}

bool model_error(struct ctf_model *model, uint32_t line, uint32_t column, const char *format, ...)
{
	struct ctf_error *error = model->error;
	va_list args;
	int n;

	if (error->text[0])
		return false;
	if (line)
		n = snprintf(error->text, sizeof(error->text), "%s:%u:%u: ", model->path, line, column);
	else
		n = snprintf(error->text, sizeof(error->text), "%s: ", model->path);
	if (n < 0 || (size_t)n >= sizeof(error->text) - 1)
		n = 0;
	error->what = error->text + n;
	error->line = line;
	error->column = column;
	va_start(args, format);
	vsnprintf(error->text + n, sizeof(error->text) - (size_t)n, format, args);
	va_end(args);
	ctf_text_clean(error->text + n, error->text + n, strlen(error->text + n), sizeof(error->text)); /* names are anybody's */
	return false;
}

bool model_no_memory(struct ctf_model *model)
{
	return model_error(model, 0, 0, "out of memory");
}

void *model_alloc(struct ctf_model *model, size_t size)
{
	void *memory = arena_alloc(&model->arena, size);

	if (!memory)
		model_no_memory(model);
	return memory;
}

char *model_text(struct ctf_model *model, const char *text, size_t size)
{
	char *copy = arena_text(&model->arena, text, size);

	if (!copy)
		model_no_memory(model);
	return copy;
}

void model_allow(struct ctf_model *model, size_t size)
{
	model->max_classes = size < CTF_CLASSES_MAX - CTF_CLASSES_FREE ? CTF_CLASSES_FREE + (uint32_t)size : CTF_CLASSES_MAX;
}

bool model_count(struct ctf_model *model, uint32_t n, uint32_t line, uint32_t column)
{
	if (n > model->max_classes - model->n_classes)
		return model_error(model, line, column, "the trace has more than %u field classes and members", model->max_classes);
	model->n_classes += n;
	return true;
}

struct model_class *model_class_new(struct ctf_model *model, enum ctf_type type, uint32_t line, uint32_t column)
{
	struct model_class *class;

	if (!model_count(model, 1, line, column))
		return NULL;
	class = model_alloc(model, sizeof(struct layout_class));
	if (!class)
		return NULL;
	class->pub.type = type;
	class->pub.align = 1;
	class->pub.save = class->pub.source = -1;
	class->line = line;
	class->column = column;
	return class;
}

static struct model_class *copy(struct ctf_model *model, const struct model_class *from, uint32_t depth)
{
	struct model_class *to;
	struct ctf_member *members;

	if (depth > CTF_DEPTH_MAX) {
		model_error(model, from->line, from->column, "field classes are nested more than %u deep", CTF_DEPTH_MAX);
		return NULL;
	}
	to = model_class_new(model, from->pub.type, from->line, from->column);
	if (!to)
		return NULL;
	*to = *from;
	if (!from->pub.n_members)
		return to;
	if (!model_count(model, from->pub.n_members, from->line, from->column))
		return NULL;
	members = model_alloc(model, from->pub.n_members * sizeof(*members));
	if (!members)
		return NULL;
	memcpy(members, from->pub.members, from->pub.n_members * sizeof(*members));
	to->pub.members = members;
	for (uint32_t i = 0; i < from->pub.n_members; i++) {
		members[i].class = (const struct ctf_class *)copy(model, (const struct model_class *)members[i].class, depth + 1);
		if (!members[i].class)
			return NULL;
	}
	return to;
}

struct model_class *model_class_copy(struct ctf_model *model, const struct model_class *from)
{
	return copy(model, from, 0);
}

struct model_stream *model_stream_new(struct ctf_model *model)
{
	return model_alloc(model, sizeof(struct layout_stream));
}

struct model_event *model_event_new(struct ctf_model *model)
{
	return model_alloc(model, sizeof(struct layout_event));
}

bool model_list_add(struct ctf_model *model, struct model_list *list, void *item)
{
	if (list->n == list->room) {
		const uint32_t room = list->room ? 2 * list->room : 64;
		void **items = realloc(list->items, room * sizeof(*items));

		if (!items)
			return model_no_memory(model);
		list->items = items;
		list->room = room;
	}
	list->items[list->n++] = item;
	return true;
}

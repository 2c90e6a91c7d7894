/* SPDX-License-Identifier: MIT */
/* preload_edges_cxx.cpp - operator new and delete, and exceptions that pass by. */
#include "preload_edges.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <stdexcept>
#include <thread>
#include <vector>

struct alignas(64) Wide {
	char bytes[64];
};

bool edges_cxx_new(int rounds)
{
	bool good = true;

	for (int i = 0; i < rounds; i++) {
		std::unique_ptr<int> one(new int(i));
		std::unique_ptr<char[]> many(new char[100]);
		std::unique_ptr<Wide> wide(new Wide);
		int *quiet = new (std::nothrow) int(i);

		memset(many.get(), i, 100);
		good = good && *one == i && quiet && *quiet == i && reinterpret_cast<uintptr_t>(wide.get()) % 64 == 0;
		delete quiet;
	}
	try {
		std::vector<char> huge(static_cast<size_t>(-1) / 4);
		good = false;
	} catch (const std::bad_alloc &) {
	}
	return good;
}

bool edges_cxx_thread_exception(void)
{
	bool caught = false;

	std::thread([&caught] {
		try {
			std::vector<int> v(100, 1);
			std::sort(v.begin(), v.end(), [](int a, int b) -> bool {
				if (a + b > 1)
					throw std::runtime_error("from below");
				return a < b;
			});
		} catch (const std::runtime_error &) {
			caught = true;
		}
	}).join();
	return caught;
}

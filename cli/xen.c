/* SPDX-License-Identifier: MIT */
/**
 * xen.c - `borelog xen`: the hypervisor's resources: domains, and waiting for what becomes of one
 */
#include "cli/cli.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "record/record.h"

#define PAGES_OF_A_MIB 256
#define JSON_BEGIN "{\"domains\":["

enum {
	OPT_FORMAT = CLI_LONG_ONLY,
	OPT_STATE,
	OPT_TIMEOUT,
};

static const struct cli_option options[] = {
	{OPT_FORMAT, "format", "text|json", "of domains (default: text)"},
	{OPT_STATE, "state", "STATE",
	 "wait: until it is created, running, shutdown, dying or\n"
	 "freed, or in a later one of these (default: freed)"},
	{OPT_TIMEOUT, "timeout", "TIME", "wait: no longer than that, as 500ms or 2s"},
	{0},
};

struct xen_command {
	const struct cli_command *command;
	const char *of_domains; /* an option that only domains has; NULL: was not given */
	const char *of_wait;
	bool json;
	enum record_domain_state state;
	uint32_t timeout_ms;
	size_t n_printed;
};

static int set(void *data, int key, const char *arg)
{
	struct xen_command *xen = data;

	switch (key) {
	case OPT_FORMAT:
		xen->of_domains = "--format";
		xen->json = !strcmp(arg, "json");
		if (!xen->json && strcmp(arg, "text"))
			return cli_usage_error(xen->command, "--format is text or json, not \"%s\"", arg);
		return -1;
	case OPT_STATE:
		xen->of_wait = "--state";
		xen->state = record_domain_state_of(arg);
		if (xen->state == RECORD_DOMAIN_UNKNOWN)
			return cli_usage_error(xen->command, "\"%s\" is no state: created, running, shutdown, dying and freed are",
					       arg);
		return -1;
	default:
		xen->of_wait = "--timeout";
		if (!cli_parse_time(arg, &xen->timeout_ms))
			return cli_usage_error(xen->command, "\"%s\" is no time; it is a number with ms, s or m, as 500ms", arg);
		return -1;
	}
}

/* ---- domains ---- */

/* As Xen's public interface names them. */
static const char *why_shutdown(const struct record_domain *domain)
{
	static const char *const names[] = {"poweroff", "reboot", "suspend", "crash", "watchdog", "soft-reset"};

	if (domain->state != RECORD_DOMAIN_SHUTDOWN)
		return "";
	return domain->shutdown_code < sizeof(names) / sizeof(names[0]) ? names[domain->shutdown_code] : "unknown reason";
}

static int print_text(void *data, const struct record_domain *domain)
{
	struct xen_command *xen = data;
	const char *state = record_domain_state_name(domain->state), *why = why_shutdown(domain);
	char both[48];

	if (!xen->n_printed++)
		printf("DOMAIN  STATE                   MEMORY  UUID                                  SERIAL\n");
	snprintf(both, sizeof(both), "%s%s%s", state ? state : "unknown", why[0] ? ": " : "", why);
	printf("%6" PRIu32 "  %-20s %5" PRIu64 " MiB  %-36s  %" PRIu64 "\n", domain->domain, both, domain->pages / PAGES_OF_A_MIB,
	       domain->uuid, domain->serial);
	return 0;
}

static int print_json(void *data, const struct record_domain *domain)
{
	struct xen_command *xen = data;
	const char *state = record_domain_state_name(domain->state);

	printf("%s\n{\"domain\":%" PRIu32 ",\"serial\":%" PRIu64 ",\"state\":\"%s\",\"pages\":%" PRIu64 ",\"uuid\":\"%s\"",
	       xen->n_printed++ ? "," : JSON_BEGIN, domain->domain, domain->serial, state ? state : "unknown", domain->pages,
	       domain->uuid);
	if (domain->state == RECORD_DOMAIN_SHUTDOWN)
		printf(",\"shutdown_code\":%" PRIu32, domain->shutdown_code);
	putchar('}');
	return 0;
}

static int domains(struct xen_command *xen, int argc, char **argv)
{
	struct record_error error;

	if (argc)
		return cli_usage_error(xen->command, "domains takes no argument like \"%s\"", argv[0]);
	if (!xen->json)
		return record_domains_each(print_text, xen, &error) ? cli_fail(xen->command, error.text) : CLI_OK;
	if (record_domains_each(print_json, xen, &error))
		return cli_fail(xen->command, error.text);
	fputs(xen->n_printed ? "\n]}\n" : JSON_BEGIN "]}\n", stdout);
	return CLI_OK;
}

/* ---- wait ---- */

static int wait_for(struct xen_command *xen, int argc, char **argv)
{
	const enum record_domain_state state = xen->state != RECORD_DOMAIN_UNKNOWN ? xen->state : RECORD_DOMAIN_FREED;
	struct record_error error;
	unsigned long domain;
	char *end;

	if (!argc)
		return cli_usage_error(xen->command, "wait for which domain? Their numbers: borelog xen domains");
	domain = strtoul(argv[0], &end, 10);
	if (argv[0][0] < '0' || argv[0][0] > '9' || *end || domain > UINT16_MAX)
		return cli_usage_error(xen->command, "\"%s\" is no number of a domain; borelog xen domains shows them", argv[0]);
	if (argc > 1)
		return cli_usage_error(xen->command, "wait takes one domain, not \"%s\" too", argv[1]);
	if (record_domain_wait((uint32_t)domain, state, xen->timeout_ms, &error))
		return cli_fail(xen->command, error.text);
	return CLI_OK;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
	struct xen_command xen = {.command = command};
	const int status = cli_parse(command, argc, argv, set, &xen);
	const char *what;

	if (status >= 0)
		return status;
	what = optind < argc ? argv[optind++] : "";
	if (!strcmp(what, "domains"))
		return xen.of_wait ? cli_usage_error(command, "%s is for wait, not for domains", xen.of_wait)
				   : domains(&xen, argc - optind, argv + optind);
	if (!strcmp(what, "wait"))
		return xen.of_domains ? cli_usage_error(command, "%s is for domains, not for wait", xen.of_domains)
				      : wait_for(&xen, argc - optind, argv + optind);
	return cli_usage_error(command, what[0] ? "there is no \"%s\": domains and wait are" : "domains or wait is missing%s",
			       what);
}

const struct cli_command cli_xen = {
	.name = "xen",
	.summary = "show the hypervisor's domains, or wait until one's memory is free",
	.synopsis = "domains [--format text|json]\n       borelog xen wait DOMID [--state STATE] [--timeout TIME]",
	.description = "For dom0 of a host under Xen with borelog's tracer, and the kernel module borelog-xen.\n"
		       "\n"
		       "domains shows those that are not freed yet. wait sleeps until one is in a state or has\n"
		       "passed it; a domain that is not there counts as freed, but created and running wait until\n"
		       "there is one. Nothing is looked at by time.\n"
		       "\n"
		       "Example:\n"
		       "  xl destroy guest; borelog xen wait 7; xl create guest.cfg\n",
	.options = options,
	.run = run,
};

/* SPDX-License-Identifier: MIT */
/*
 * yaml_one.c - reads one YAML document from standard input with libyaml's event
 * reader and prints its scalars, one a line. Shows that the library made for musl works
 * in a static program.
 */
#include <stdio.h>
#include <yaml.h>

int main(void)
{
	yaml_parser_t parser;
	yaml_event_t event;
	int type = YAML_NO_EVENT;

	if (!yaml_parser_initialize(&parser))
		return 1;
	yaml_parser_set_input_file(&parser, stdin);
	while (type != YAML_STREAM_END_EVENT) {
		if (!yaml_parser_parse(&parser, &event)) {
			fprintf(stderr, "line %zu: %s\n", parser.problem_mark.line + 1,
				parser.problem);
			return 2;
		}
		type = event.type;
		if (type == YAML_SCALAR_EVENT)
			printf("%s\n", (const char *)event.data.scalar.value);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * print_json.c - everything that the doctor has found, for programs.
 *
 * The keys stay as they are from one version to the next; new ones may come.
 */
#include "doctor/print.h"

static void print_pair(struct json *json, const char *key, const char *value)
{
	json_key(json, key);
	json_string(json, value);
}

static void print_protections(struct json *json, const struct protections *protections)
{
	json_key(json, "protections");
	json_array_begin(json);
	for (int i = 0; protections && i < PROTECT_MAX; i++) {
		const struct protection_answer *answer = &protections->answers[i];

		json_object_begin(json);
		print_pair(json, "protection", protection_names[i].name);
		print_pair(json, "state", verdict_state_names[answer->state].name);
		print_pair(json, "by", answer->by);
		print_pair(json, "note", answer->note);
		print_pair(json, "mend", answer->mend);
		print_pair(json, "lacks",
			   answer->lacks == FACILITY_N ? "" : facility_names[answer->lacks].name);
		json_object_end(json);
	}
	json_array_end(json);
}

static void print_verdicts(struct json *json, const struct verdicts *verdicts)
{
	json_key(json, "verdicts");
	json_array_begin(json);
	for (size_t i = 0; i < verdicts->n; i++) {
		const struct verdict *verdict = &verdicts->items[i];

		json_object_begin(json);
		print_pair(json, "facility", facility_names[verdict->facility].name);
		print_pair(json, "state", verdict_state_names[verdict->state].name);
		print_pair(json, "who", verdict_who_names[verdict->who].name);
		print_pair(json, "cause", verdict->cause);
		print_pair(json, "what", verdict->what);
		print_pair(json, "evidence", verdict->evidence);
		print_pair(json, "mend", verdict->mend);
		print_pair(json, "cost", verdict->cost);
		json_object_end(json);
	}
	json_array_end(json);
}

void print_json(struct json *json, const struct view *view)
{
	if (view->set->has_host) {
		json_key(json, "host");
		observations_print_host(json, &view->set->host);
	}
	print_protections(json, view->protections);
	print_verdicts(json, view->verdicts);
	json_key(json, "observations");
	json_array_begin(json);
	for (size_t i = 0; i < view->set->n; i++)
		observation_print(json, &view->set->items[i]);
	json_array_end(json);
}

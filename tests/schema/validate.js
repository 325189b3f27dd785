// SPDX-License-Identifier: MIT
//
// validate.js SCHEMA FILE... - what a validator says of YAML files.
//
// Prints one object: for each file whether it is valid, the validator's errors, and the names of its
// profiles. YAML is read by the parser that editors' YAML servers use; the schema must pass the
// validator's strict mode, in which a keyword that it does not know is an error.
"use strict";
const fs = require("fs");
const Ajv = require("ajv");
const YAML = require("yaml");

const [schema, ...files] = process.argv.slice(2);
const ajv = new Ajv({ strict: true, allowUnionTypes: true, strictRequired: false, allErrors: true });
const validate = ajv.compile(JSON.parse(fs.readFileSync(schema, "utf8")));
const answers = {};

for (const file of files) {
	const document = YAML.parseDocument(fs.readFileSync(file, "utf8"), { version: "1.2" });
	const errors = document.errors.map((error) => error.message);
	let profiles = [];

	if (errors.length === 0) {
		const value = document.toJS();

		if (!validate(value))
			errors.push(...validate.errors.map((error) => `${error.instancePath} ${error.message}`));
		if (value && typeof value.profiles === "object" && value.profiles)
			profiles = Object.keys(value.profiles);
	}
	answers[file] = { valid: errors.length === 0, errors, profiles };
}
console.log(JSON.stringify(answers));

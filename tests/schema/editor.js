// SPDX-License-Identifier: MIT
//
// editor.js SCHEMA QUESTIONS - what the YAML server of editors makes of the schema.
//
// QUESTIONS is a JSON list of {text, line, column}. Prints one answer for each: what the server finds wrong
// with the text, the words that it offers at the place, and what it shows of what stands there.
"use strict";
const fs = require("fs");
const { getLanguageService } = require("yaml-language-server");
const { TextDocument } = require("vscode-languageserver-textdocument");

const [schemaFile, questionsFile] = process.argv.slice(2);
const schema = JSON.parse(fs.readFileSync(schemaFile, "utf8"));
const questions = JSON.parse(fs.readFileSync(questionsFile, "utf8"));
const quiet = { send() {}, sendTrack() {}, sendError(name, error) { throw error; } };
const server = getLanguageService({
	schemaRequestService: async () => JSON.stringify(schema),
	workspaceContext: { resolveRelativePath: (path) => path },
	yamlSettings: { documents: {}, previouslySeen: new Set(), schemaStoreEnabled: false, yamlVersion: "1.2" },
	telemetry: quiet,
});

server.configure({
	validate: true, hover: true, completion: true, format: false, yamlVersion: "1.2",
	schemas: [{ uri: "file:///croft.schema.json", fileMatch: ["*"], schema }],
});

async function answer({ text, line, column }, index) {
	// the server remembers documents by name
	const document = TextDocument.create(`file:///${index}.yaml`, "yaml", 1, text);
	const place = { line, character: column };
	const wrong = await server.doValidation(document, false);
	const offered = await server.doComplete(document, place, false);
	const hover = await server.doHover(document, place);

	return {
		wrong: wrong.map((finding) => finding.message),
		offered: offered.items.map((item) => item.label),
		shown: hover ? hover.contents.value.replace(/\\/g, "") : "",
	};
}

Promise.all(questions.map(answer)).then((answers) => {
	console.log(JSON.stringify(answers));
});

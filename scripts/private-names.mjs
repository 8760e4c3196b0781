// Owns the question which names of members the bundle may shorten: those of the facade's classes that nobody outside can see. Must not
// know the bundler. Invariant: a name is kept if anything else has it: plain data (options, events, dumps, definitions), a quoted text, a public
// declaration, the glue, or the platform. It reads syntax alone, so one such use anywhere keeps the name everywhere.
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createRequire } from 'node:module';
import ts from 'typescript-5.9';

const platform = dirname(createRequire(import.meta.url).resolve('typescript-5.9'));

/** The names, sorted. `declarations` are the texts of everything public and of the glues. */
export function privateNames(sources, declarations) {
  const members = new Set();
  const kept = new Set(declarations.flatMap((text) => withoutComments(text).match(/[A-Za-z_$][\w$]*/g) ?? []));
  for (const source of sources) visit(parse(source), (node) => noteSource(node, members, kept));
  for (const file of readdirSync(platform).filter((name) => /^lib\..*\.d\.ts$/.test(name))) {
    visit(parse(join(platform, file)), (node) => {
      if (node.name !== undefined && ts.isIdentifier(node.name)) kept.add(node.name.text);
    });
  }
  return [...members].filter((name) => !kept.has(name)).sort();
}

function noteSource(node, members, kept) {
  if (ts.isStringLiteralLike(node)) kept.add(node.text);
  if (node.name === undefined || !ts.isIdentifier(node.name)) return;
  const name = node.name.text;
  const isOfClass = ts.isClassElement(node) && ts.isClassLike(node.parent);
  // Interfaces of classes have methods; what has properties may be data.
  const isMethodOfInterface = ts.isMethodSignature(node) && ts.isInterfaceDeclaration(node.parent);
  if (isOfClass || (ts.isParameter(node) && ts.isParameterPropertyDeclaration(node, node.parent))) members.add(name);
  else if ((ts.isTypeElement(node) && !isMethodOfInterface) || ts.isObjectLiteralElement(node)) kept.add(name);
}

function parse(path) {
  return ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
}

function visit(node, note) {
  note(node);
  ts.forEachChild(node, (child) => visit(child, note));
}

function withoutComments(text) {
  return text.replace(/\/\*[^]*?\*\/|\/\/.*$/gm, '');
}

/**
 * `node dist/tools/tensor-methods.js` in the project's folder: writes src/tensor-methods.ts, the types of Tensor's methods, from
 * the table in src/tensor.ts and the functions that it names. It is needed because exported types are never inferred here.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { Node, Project, SyntaxKind } from 'ts-morph';
import type { FunctionDeclaration, ParameterDeclaration, PropertyAssignment } from 'ts-morph';

const TARGET = 'src/tensor-methods.ts';
const WIDTH = 130;

const ITERATOR = `
  /** The slices along axis 0, so that \`const [a, b] = random.split(key)\`. @throws AXIS for a scalar. */
  [Symbol.iterator](): Generator<Tensor>;
`;

/** The text of src/tensor-methods.ts as the sources demand it now. */
export function tensorMethodsText(): string {
  const project = new Project({ tsConfigFilePath: 'tsconfig.json', skipAddingFilesFromTsConfig: true });
  const table = project
    .addSourceFileAtPath('src/tensor.ts')
    .getVariableDeclarationOrThrow('METHODS')
    .getFirstDescendantByKindOrThrow(SyntaxKind.ObjectLiteralExpression);
  const methods = table.getProperties().map((property) => methodOf(property.asKindOrThrow(SyntaxKind.PropertyAssignment)));
  const imports = new Map<string, Set<string>>([['./trace/tensor.ts', new Set(['Tensor'])]]);
  for (const { references } of methods) {
    for (const [file, name] of references) imports.set(file, (imports.get(file) ?? new Set()).add(name));
  }
  const lines = [...imports]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([file, names]) => `import type { ${[...names].sort().join(', ')} } from '${file}';`);
  return `/** Written by \`node dist/tools/tensor-methods.js\` from the table in tensor.ts; a test fails when it is stale. */
${lines.join('\n')}

/** The methods of Tensor. In their texts \`x\` is the tensor itself. */
export interface TensorMethods {
${methods.map(({ text }) => text).join('\n')}${ITERATOR}}
`;
}

interface Method {
  readonly text: string;
  /** The types that its signature names, each with the file that exports it. */
  readonly references: readonly (readonly [file: string, name: string])[];
}

function methodOf(property: PropertyAssignment): Method {
  const f = functionOf(property);
  const parameters = f.getParameters().slice(1);
  const nodes = [...parameters.map((parameter) => parameter.getTypeNode()), f.getReturnTypeNode()];
  const references = nodes.flatMap((node) => {
    const named = [...(node?.getDescendantsOfKind(SyntaxKind.TypeReference) ?? []), node?.asKind(SyntaxKind.TypeReference)];
    return named.flatMap((reference) => (reference === undefined ? [] : fileOf(reference.getTypeName())));
  });
  const signature = `(${parameters.map(parameterText).join(', ')}): ${f.getReturnTypeNodeOrThrow().getText()}`;
  return { text: `${docText(f)}  ${property.getName()}${signature};\n`, references };
}

function functionOf(property: PropertyAssignment): FunctionDeclaration {
  const symbol = property.getInitializerOrThrow().getSymbolOrThrow();
  const declarations = (symbol.getAliasedSymbol() ?? symbol).getDeclarations();
  const found = declarations.find(Node.isFunctionDeclaration);
  if (found === undefined) throw new Error(`${property.getText()} is no function declaration`);
  return found;
}

/** The exporting file as src/tensor-methods.ts imports it; nothing for types of TypeScript itself. */
function fileOf(name: Node): [string, string][] {
  const symbol = name.getSymbolOrThrow();
  const path = (symbol.getAliasedSymbol() ?? symbol).getDeclarations()[0]?.getSourceFile().getFilePath() ?? '';
  const [, file] = /.*\/src\/(.*)/.exec(path) ?? [];
  if (file !== undefined) return [[`./${file}`, name.getText()]];
  const [, compiler] = /.*\/(compiler\/.*)/.exec(path) ?? [];
  return compiler === undefined ? [] : [[`../${compiler}`, name.getText()]];
}

function parameterText(parameter: ParameterDeclaration): string {
  const name = Node.isObjectBindingPattern(parameter.getNameNode()) ? 'options' : parameter.getName();
  const type = parameter.getTypeNode()?.getText() ?? parameter.getType().getBaseTypeOfLiteralType().getText();
  if (parameter.isRestParameter()) return `...${name}: ${type}`;
  return `${name}${parameter.isOptional() ? '?' : ''}: ${type}`;
}

/** The function's docstring, indented and wrapped. */
function docText(f: FunctionDeclaration): string {
  const text = f.getJsDocs().at(-1)?.getInnerText() ?? '';
  if (text.length + '  /** */ '.length <= WIDTH && !text.includes('\n')) return `  /** ${text} */\n`;
  const paragraphs = text.split('\n\n').map((paragraph) => wrap(paragraph.replaceAll('\n', ' '), WIDTH - '   * '.length));
  const lines = paragraphs.flatMap((paragraph, i) => (i === 0 ? paragraph : ['', ...paragraph]));
  return `  /**\n${lines.map((line) => `   * ${line}`.trimEnd()).join('\n')}\n   */\n`;
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || `${last} ${word}`.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const text = tensorMethodsText();
  const isStale = !existsSync(TARGET) || readFileSync(TARGET, 'utf8') !== text;
  if (isStale) writeFileSync(TARGET, text);
  console.log(`${TARGET} ${isStale ? 'written' : 'is up to date'}`);
}

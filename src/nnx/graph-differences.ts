/** What differs between two structures of one module, path by path. */
import { typeName } from '../trace/printing.ts';
import { GraphDef, fieldKey } from './graphdef.ts';
import { showStatic } from './static-values.ts';

/** Lines such as `.layers.dropout.rate: 0.1 -> 0.2`, `.extra: added`. */
export function graphDifferences(before: GraphDef, after: GraphDef, path: string): string[] {
  if (before === after) return [];
  if (before.type !== after.type) return [`${path}: ${typeName(before.type)} -> ${typeName(after.type)}`];
  return [
    ...recordDifferences(before.staticFields, after.staticFields, path, (a, b, at, name) =>
      before.staticKeys[name] === after.staticKeys[name] ? [] : [`${at}: ${showStatic(a)} -> ${showStatic(b)}`],
    ),
    ...recordDifferences(before.fields, after.fields, path, (a, b, at) => {
      if (a instanceof GraphDef && b instanceof GraphDef) return graphDifferences(a, b, at);
      return fieldKey(a) === fieldKey(b) ? [] : [`${at}: changed`];
    }),
  ];
}

function recordDifferences<T>(
  before: Readonly<Record<string, T>>,
  after: Readonly<Record<string, T>>,
  path: string,
  compare: (a: T, b: T, at: string, name: string) => string[],
): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names.flatMap((name) => {
    const at = `${path}.${name}`;
    if (!(name in before)) return [`${at}: added`];
    if (!(name in after)) return [`${at}: removed`];
    return compare(before[name]!, after[name]!, at, name);
  });
}

/** Prints States and GraphDefs as the Python document prints them, so that the two can be compared byte for byte. */
import { GraphDef } from 'heddle';
import type { State, Variable , nnx } from 'heddle';

/** `State({ 'path': Param(value=(4, 10), sharding=None), ... })`; values appear as their shapes. */
export function pythonState(
  state: State,
  showValue: (variable: Variable) => string = (variable) => tuple(variable.shape),
): string {
  const entries = [...state].map(([path, variable]) => {
    const text = `'${path}': ${variable.constructor.name}(value=${showValue(variable)}, sharding=${python(variable.sharding)})`;
    return text.replaceAll('\n', '\n    ');
  });
  return `State({\n  ${entries.join(',\n  ')}\n})`;
}

/** `GraphDef(type=<class '__main__.Block'>, index=0, submodules={...}, static_fields={...})`. */
export function pythonGraphDef(graphdef: nnx.GraphDef<unknown>, module: string = '__main__.'): string {
  const submodules = Object.entries(graphdef.submodules).map(([name, field]) => {
    const text = field instanceof GraphDef ? pythonGraphDef(field, module) : String(field);
    return `'${snakeCase(name)}': ${text}`;
  });
  const statics = Object.entries(graphdef.staticFields).map(([name, value]) => `'${snakeCase(name)}': ${python(value)}`);
  return (
    `GraphDef(type=<class '${module}${graphdef.type.name}'>, index=${graphdef.index}, ` +
    `submodules={${submodules.join(', ')}}, static_fields={${statics.join(', ')}})`
  );
}

function python(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') return `'${value}'`;
  return Array.isArray(value) ? tuple(value) : String(value);
}

function tuple(items: readonly unknown[]): string {
  const texts = items.map(python);
  return texts.length === 1 ? `(${texts[0]},)` : `(${texts.join(', ')})`;
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

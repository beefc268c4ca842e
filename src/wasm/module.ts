/** Builds a module: functions, one imported memory, exports, and the names that profilers show. */
import { Code } from "./code.ts";
import { TYPE_CODES, type ValueType } from "./expression.ts";
import { type Callable, FunctionBuilder } from "./function.ts";

const MAX_PAGES = 65536;
const SECTIONS = { custom: 0, type: 1, import: 2, function: 3, export: 7, code: 10 };

/** Builds a WebAssembly module. */
export class ModuleBuilder {
  readonly #imports: Callable[] = [];
  readonly #functions: FunctionBuilder[] = [];
  readonly #exports: FunctionBuilder[] = [];
  readonly #shared: boolean;

  /** If `shared` is true, the module's memory is shared between threads, and atomic instructions may be used. Default: false. */
  constructor({ shared = false }: { readonly shared?: boolean } = {}) {
    this.#shared = shared;
  }

  /** Imports a function of the host as `env.{name}`. All imports come before the first function. */
  importFunction(name: string, parameters: readonly ValueType[]): Callable {
    if (this.#functions.length > 0) throw new Error(`import ${name} comes after a function`);
    const imported = { name, index: this.#imports.length, parameters };
    this.#imports.push(imported);
    return imported;
  }

  /** Adds a function without a result; the returned builder is also its handle in calls. */
  function(name: string): FunctionBuilder {
    const made = new FunctionBuilder(name, this.#imports.length + this.#functions.length);
    this.#functions.push(made);
    return made;
  }

  /** Exports a function under its name, so that the host can call it. */
  export<F extends FunctionBuilder>(made: F): F {
    this.#exports.push(made);
    return made;
  }

  /** The module in the binary format. It imports its memory as `env.memory`. */
  toBytes(): Uint8Array<ArrayBuffer> {
    const types = new Map<string, number>();
    const signatures: (readonly ValueType[])[] = [];
    const typeOf = ({ parameters }: Callable): number => {
      const key = parameters.join();
      const index = types.get(key) ?? signatures.push(parameters) - 1;
      types.set(key, index);
      return index;
    };
    const imports = this.#imports.map((imported) => ({ name: imported.name, type: typeOf(imported) }));
    const functionTypes = this.#functions.map(typeOf);

    const module = new Code();
    module.byte(0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
    module.section(SECTIONS.type, (section) =>
      section.vector(signatures, (parameters) => {
        section.byte(0x60);
        section.vector(parameters, (type) => section.byte(TYPE_CODES[type]));
        section.unsigned(0);
      }),
    );
    module.section(SECTIONS.import, (section) => {
      section.unsigned(imports.length + 1);
      section.name("env");
      section.name("memory");
      section.byte(0x02, this.#shared ? 0x03 : 0x01);
      section.unsigned(0);
      section.unsigned(MAX_PAGES);
      for (const { name, type } of imports) {
        section.name("env");
        section.name(name);
        section.byte(0x00);
        section.unsigned(type);
      }
    });
    module.section(SECTIONS.function, (section) => section.vector(functionTypes, (type) => section.unsigned(type)));
    module.section(SECTIONS.export, (section) =>
      section.vector(this.#exports, ({ name, index }) => {
        section.name(name);
        section.byte(0x00);
        section.unsigned(index);
      }),
    );
    module.section(SECTIONS.code, (section) => section.vector(this.#functions, (made) => made.write(section)));
    module.section(SECTIONS.custom, (section) => {
      section.name("name");
      section.section(1, (names) =>
        names.vector([...this.#imports, ...this.#functions], ({ index, name }) => {
          names.unsigned(index);
          names.name(name);
        }),
      );
    });
    return module.toBytes();
  }
}

import {
  type Document,
  LineCounter,
  type Node,
  isNode,
  isScalar,
  parseAllDocuments,
  parseDocument,
  visit,
} from 'yaml';
import { aliasesOf } from './aliases.ts';
import { AS_GO, type GoYaml, TOO_DEEP, readAsGo } from './go-yaml.ts';

/** What is wrong at a place of a text. */
export interface Flaw {
  readonly offset: number;
  readonly message: string;
}

export interface DocumentText {
  readonly document: Document;
  readonly lines: LineCounter;
  /** What it says; undefined where there are flaws. */
  readonly value: unknown;
  /** Of the text itself, whatever it means: nothing of it is to be used while there are any. */
  readonly flaws: readonly Flaw[];
}

/**
 * Reads YAML, of which JSON is a part. What a parser would pass over in silence is a flaw here.
 * `holds`: what one file holds, such as `one release`. `go`: it is a file of a program in Go.
 */
export function readText(text: string, holds: string, go?: GoYaml): DocumentText {
  const lines = new LineCounter();
  const options = go === undefined ? { uniqueKeys: true, stringKeys: true } : AS_GO;
  const document: Document = parseDocument(text, { ...options, lineCounter: lines });
  const flawed = (flaws: readonly Flaw[]): DocumentText => ({
    document,
    lines,
    value: undefined,
    flaws,
  });
  const errors = document.errors.filter((one) => go === undefined || !isOfNothing(one, text));
  const notYaml = [...errors, ...document.warnings].map(({ pos, message }) => ({
    offset: pos[0],
    message: inOurWords(message, holds),
  }));
  const tooDeep = notYaml.find(({ message }) => message === TOO_DEEP);
  if (tooDeep !== undefined) return flawed([tooDeep]);
  if (notYaml.length > 0) return flawed(notYaml);
  const aliases = aliasesOf(document);
  const oddities = [...aliases.flaws, ...odditiesOf(document)];
  if (oddities.length > 0) return flawed(oddities);
  const { value, flaws } =
    go === undefined ? typedValue(document) : readAsGo(document, aliases, go);
  return flaws.length > 0 ? flawed(flaws) : { document, lines, value, flaws };
}

/** Whether it only says that others follow the first document, which say nothing. */
function isOfNothing({ code, pos }: Document['errors'][number], text: string): boolean {
  if (code !== 'MULTIPLE_DOCS') return false;
  return [...parseAllDocuments(text.slice(pos[0]))].every(
    ({ errors, contents }) =>
      errors.length === 0 && (contents === null || (isScalar(contents) && contents.value === null)),
  );
}

function typedValue(document: Document): Pick<DocumentText, 'value' | 'flaws'> {
  try {
    return { value: document.toJS({ maxAliasCount: 20 }), flaws: [] };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { value: undefined, flaws: [{ offset: 0, message }] };
  }
}

const KEY_NO_TEXT = 'a key must be plain text';

function inOurWords(message: string, holds: string): string {
  if (message.startsWith('Maximum call stack')) return TOO_DEEP;
  if (message.startsWith('Source contains multiple documents')) {
    return `a second document begins here: a file holds ${holds}`;
  }
  if (message.startsWith('With stringKeys')) return KEY_NO_TEXT;
  return message.split('\n')[0]?.replace(/ at line \d+.*$/, '') ?? 'not YAML';
}

function odditiesOf(document: Document): readonly Flaw[] {
  const flaws: Flaw[] = [];
  const tell = (node: Node | null, message: string): void => {
    flaws.push({ offset: node?.range?.[0] ?? 0, message });
  };
  visit(document, {
    Pair: (_key, { key }) => {
      if (!isScalar(key)) tell(isNode(key) ? key : null, KEY_NO_TEXT);
      else if (key.value === '__proto__') tell(key, '__proto__ cannot be a key');
    },
    Scalar: (_key, scalar) => {
      if (typeof scalar.value === 'string' && scalar.value.includes('\0')) {
        tell(scalar, 'holds a NUL character, which no program takes');
      }
    },
  });
  return flaws;
}

import {
  type Document,
  LineCounter,
  type Node,
  isNode,
  isScalar,
  parseDocument,
  visit,
} from 'yaml';
import { aliasesOf } from './aliases.ts';

/** What is wrong at a place of a text. */
export interface Flaw {
  readonly offset: number;
  readonly message: string;
}

export interface DocumentText {
  readonly document: Document;
  readonly lines: LineCounter;
  /** Of the text itself, whatever it means: nothing of it is to be used while there are any. */
  readonly flaws: readonly Flaw[];
}

/**
 * Reads YAML, of which JSON is a part. What a parser would pass over in silence is a flaw here.
 * `holds`: what one file holds, such as `one release`.
 */
export function readText(text: string, holds: string): DocumentText {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const notYaml = [...document.errors, ...document.warnings].map(({ pos, message }) => ({
    offset: pos[0],
    message: inOurWords(message, holds),
  }));
  const tooDeep = notYaml.find(({ message }) => message === TOO_DEEP);
  if (tooDeep !== undefined) return { document, lines, flaws: [tooDeep] };
  return {
    document,
    lines,
    flaws: notYaml.length > 0 ? notYaml : [...aliasesOf(document).flaws, ...odditiesOf(document)],
  };
}

const TOO_DEEP = 'is nested too deep';

function inOurWords(message: string, holds: string): string {
  if (message.startsWith('Maximum call stack')) return TOO_DEEP;
  if (message.startsWith('Source contains multiple documents')) {
    return `a second document begins here: a file holds ${holds}`;
  }
  return message.split('\n')[0]?.replace(/ at line \d+.*$/, '') ?? 'not YAML';
}

function odditiesOf(document: Document): readonly Flaw[] {
  const flaws: Flaw[] = [];
  const tell = (node: Node | null, message: string): void => {
    flaws.push({ offset: node?.range?.[0] ?? 0, message });
  };
  visit(document, {
    Pair: (_key, { key }) => {
      if (!isScalar(key)) tell(isNode(key) ? key : null, 'a key must be plain text');
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

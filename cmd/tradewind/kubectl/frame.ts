/** What a terminal is sent to show lines where the last ones stood, and how many lines it has then. */
export interface Frame {
  readonly text: string;
  readonly lines: number;
}

const ESCAPE = '\u001B[';

/**
 * Draws lines over those of the frame before. Lines that are too long are cut by the terminal, and what does not fit below one
 * another is told as a number: a frame that scrolls could not be drawn over.
 *
 * @param before - Lines of the last frame.
 * @param rows - Rows of the terminal.
 */
export function frameOf(lines: readonly string[], before: number, rows: number): Frame {
  const room = Math.max(2, rows - 1);
  const shown =
    lines.length <= room
      ? lines
      : [...lines.slice(0, room - 1), `… ${lines.length - room + 1} more lines: the terminal is too low`];
  const up = before === 0 ? '' : `${ESCAPE}${before}A`;
  const body = shown.map((line) => `${ESCAPE}K${line}\n`).join('');
  return { text: `${up}\r${ESCAPE}?7l${body}${ESCAPE}J${ESCAPE}?7h`, lines: shown.length };
}

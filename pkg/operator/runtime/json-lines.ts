/**
 * Lines of a byte stream, each without its end; what comes after the last end of line is dropped, as it may be half of one.
 *
 * @param chunks - UTF-8, cut anywhere.
 */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let parts: Uint8Array[] = [];
  for await (const chunk of chunks) {
    let rest = chunk;
    for (let end = rest.indexOf(10); end !== -1; end = rest.indexOf(10)) {
      parts.push(rest.subarray(0, end));
      // A character may be cut by the end of a chunk, so that bytes are joined before they are read.
      const line = Buffer.concat(parts).toString('utf8');
      parts = [];
      rest = rest.subarray(end + 1);
      if (line.trim() !== '') yield line;
    }
    if (rest.length > 0) parts.push(rest);
  }
}

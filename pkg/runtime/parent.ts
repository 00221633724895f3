/** Calls back once the program that started this one over a channel has ended, in whatever way, also where it had ended before; never without a channel. */
export function onParentEnd(ended: () => void): void {
  process.once('disconnect', ended);
  // Nothing tells of a channel that was closed while this program loaded. Without a channel the property is absent.
  if ('connected' in process && !process.connected) ended();
}

/**
 * Writes each frame of ARGV[2..] to its key unless the key holds one of the same or a newer (offset, time), and lets it expire
 * after ARGV[1] milliseconds. Gives 1 for each that was written, else 0. What is too short for a header counts as absent.
 *
 * A script is atomic, so there is no moment between the look and the write. Redis compares strings by locale; the header is
 * therefore compared as numbers.
 */
export const PUT_NEWER = `
local written = {}
for i, key in ipairs(KEYS) do
  local frame = ARGV[i + 1]
  local kept = redis.call('GETRANGE', key, 0, 15)
  local isNewer = #kept < 16
  if not isNewer then
    local keptOffset, keptTime = struct.unpack('>dd', kept)
    local offset, time = struct.unpack('>dd', frame)
    isNewer = offset > keptOffset or (offset == keptOffset and time > keptTime)
  end
  if isNewer then redis.call('SET', key, frame, 'PX', ARGV[1]) end
  written[i] = isNewer and 1 or 0
end
return written
`;

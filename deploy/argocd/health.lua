-- Health of a TradingModel for Argo CD, from the conditions that other tools read too: Ready, Reconciling, Stalled.
-- Belongs into the ConfigMap argocd-cm under resource.customizations.health.tradewind.dev_TradingModel.
-- Written for Lua 5.1 without libraries, which is what Argo CD runs.

local function health(status, message)
  return { status = status, message = message }
end

local function condition(conditions, wanted)
  for _, found in ipairs(conditions or {}) do
    if found.type == wanted then
      return found
    end
  end
  return nil
end

local function holds(found)
  return found ~= nil and found.status == "True"
end

local metadata = obj.metadata or {}
local status = obj.status

if metadata.deletionTimestamp ~= nil then
  return health("Progressing", "is being deleted: its traffic is drained first")
end
-- A status of an older spec says nothing about this one.
if status == nil or status.observedGeneration == nil or status.observedGeneration ~= metadata.generation then
  return health("Progressing", "waits for the controller to see this generation")
end

local rollout = status.rollout or {}
local ready = condition(status.conditions, "Ready")
local reconciling = condition(status.conditions, "Reconciling")
local stalled = condition(status.conditions, "Stalled")

-- The stable revision answers, but what was asked for is not served.
if rollout.phase == "Aborted" or rollout.phase == "Aborting" then
  return health("Degraded", rollout.abortMessage or rollout.abortReason or "the rollout was given up")
end
if holds(stalled) then
  return health("Degraded", stalled.message or stalled.reason or "is stalled")
end
if rollout.phase == "Paused" then
  local reasons = table.concat(rollout.pauseReasons or {}, ", ")
  return health("Suspended", reasons == "" and "the rollout is paused" or "the rollout is paused: " .. reasons)
end
if holds(reconciling) then
  return health("Progressing", reconciling.message or reconciling.reason or "is rolling out")
end
if ready == nil or ready.status == "Unknown" then
  return health("Progressing", ready ~= nil and ready.message or "waits for the controller")
end
if holds(ready) then
  return health("Healthy", ready.message or "answers")
end
return health("Degraded", ready.message or ready.reason or "does not answer")

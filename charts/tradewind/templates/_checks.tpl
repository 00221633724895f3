{{/*
What the schema cannot say: keys that belong together. All faults are told at once, each by its key.
What values leave to a process has the default that this has, as files/defaults.yaml says.
*/}}

{{- define "tradewind.checks" -}}
{{- $faults := concat
  (include "tradewind.checks.servers" . | fromYamlArray)
  (include "tradewind.checks.scale" . | fromYamlArray)
  (include "tradewind.checks.processes" . | fromYamlArray)
  (include "tradewind.checks.access" . | fromYamlArray) -}}
{{- if $faults }}{{ fail (printf "\n\nthe values cannot be used:\n  %s\n" (join "\n  " $faults)) }}{{ end -}}
{{- end }}

{{- define "tradewind.checks.servers" -}}
{{- $v := .Values -}}
{{- $kafka := include "tradewind.kafka.counts" . | fromYaml -}}
{{- $faults := list -}}
{{- if or $v.collector.enabled $v.features.enabled $v.gateway.enabled $v.recorder.enabled -}}
{{- if and $v.trial.kafka.enabled $v.kafka.brokers }}{{ $faults = append $faults "kafka.brokers: must be empty where trial.kafka.enabled is true" }}{{ end -}}
{{- if not (or $v.trial.kafka.enabled $v.kafka.brokers) }}{{ $faults = append $faults "kafka.brokers: must name one broker at least, host:port (or use values-trial.yaml, which brings servers)" }}{{ end -}}
{{- end -}}
{{- if gt (int $kafka.minInSyncReplicas) (int $kafka.replicas) }}{{ $faults = append $faults "kafka.minInSyncReplicas: must be at most kafka.replicas, or nothing could be written" }}{{ end -}}
{{- if and $v.trial.kafka.enabled (gt (int $kafka.replicas) 1) }}{{ $faults = append $faults "kafka.replicas: must be 1 where trial.kafka.enabled is true: it is one node" }}{{ end -}}
{{- $isKafkaLogin := ne (default "none" $v.kafka.mechanism) "none" -}}
{{- if and $isKafkaLogin (not $v.kafka.credentialsSecret.name) }}{{ $faults = append $faults "kafka.credentialsSecret.name: must be given where kafka.mechanism is not none" }}{{ end -}}
{{- if and (not $isKafkaLogin) $v.kafka.credentialsSecret.name }}{{ $faults = append $faults "kafka.mechanism: must say how the user of kafka.credentialsSecret logs in" }}{{ end -}}
{{- if and $v.trial.kafka.enabled (or $v.kafka.tls $isKafkaLogin) }}{{ $faults = append $faults "trial.kafka.enabled: must be false where kafka.tls or kafka.mechanism is set: it has neither" }}{{ end -}}
{{- range $server := list "kafka" "redis" -}}
{{- with index $v $server }}{{ if and .caSecret.name (not .tls) }}{{ $faults = append $faults (printf "%s.caSecret.name: must be empty unless %s.tls is true" $server $server) }}{{ end }}{{ end -}}
{{- end -}}
{{- if or $v.features.enabled $v.gateway.enabled -}}
{{- if eq $v.redis.mode "none" -}}
{{- if or $v.trial.redis.enabled $v.redis.addresses }}{{ $faults = append $faults "redis.mode: must not be none where there is a Redis" }}{{ end -}}
{{- if and $v.gateway.enabled (or (gt (int $v.gateway.replicas) 1) $v.gateway.autoscaling.enabled) }}{{ $faults = append $faults "redis.mode: none is for one gateway (gateway.replicas: 1): each knows only what it reads itself" }}{{ end -}}
{{- else -}}
{{- if and $v.trial.redis.enabled $v.redis.addresses }}{{ $faults = append $faults "redis.addresses: must be empty where trial.redis.enabled is true" }}{{ end -}}
{{- if not (or $v.trial.redis.enabled $v.redis.addresses) }}{{ $faults = append $faults "redis.addresses: must hold one address at least, host:port, unless redis.mode is none" }}{{ end -}}
{{- if and $v.trial.redis.enabled (ne $v.redis.mode "single") }}{{ $faults = append $faults "redis.mode: must be single where trial.redis.enabled is true" }}{{ end -}}
{{- end -}}
{{- end -}}
{{- if and $v.redis.credentialsSecret.name (not $v.redis.credentialsSecret.passwordKey) }}{{ $faults = append $faults "redis.credentialsSecret.passwordKey: must be given with redis.credentialsSecret.name" }}{{ end -}}
{{- range $server := list "kafka" "clickhouse" -}}
{{- with (index $v $server).credentialsSecret }}{{ if and .name (not (and .usernameKey .passwordKey)) }}{{ $faults = append $faults (printf "%s.credentialsSecret: must have usernameKey and passwordKey" $server) }}{{ end }}{{ end -}}
{{- end -}}
{{- if $v.recorder.enabled -}}
{{- if and $v.trial.clickhouse.enabled $v.clickhouse.url }}{{ $faults = append $faults "clickhouse.url: must be empty where trial.clickhouse.enabled is true" }}{{ end -}}
{{- if not (or $v.trial.clickhouse.enabled $v.clickhouse.url) }}{{ $faults = append $faults "clickhouse.url: must be given where recorder.enabled is true" }}{{ end -}}
{{- if and $v.clickhouse.caSecret.name (not (hasPrefix "https:" $v.clickhouse.url)) }}{{ $faults = append $faults "clickhouse.caSecret.name: must be empty unless clickhouse.url is https" }}{{ end -}}
{{- end -}}
{{- toYaml $faults -}}
{{- end }}

{{- define "tradewind.checks.scale" -}}
{{- $v := .Values -}}
{{- $faults := list -}}
{{- $partitions := int (include "tradewind.kafka.counts" . | fromYaml).partitions -}}
{{- range $component := list "features" "gateway" "recorder" -}}
{{- with index $v $component -}}
{{- if gt (int .autoscaling.minReplicas) (int .autoscaling.maxReplicas) }}{{ $faults = append $faults (printf "%s.autoscaling.minReplicas: must be at most maxReplicas" $component) }}{{ end -}}
{{- if and .autoscaling.enabled (not (dig "requests" "cpu" "" .resources)) }}{{ $faults = append $faults (printf "%s.resources.requests.cpu: must be given where %s.autoscaling.enabled is true: it is what the autoscaler goes by" $component $component) }}{{ end -}}
{{- if ne $component "gateway" -}}
{{- if and (not .autoscaling.enabled) (gt (int .replicas) $partitions) }}{{ $faults = append $faults (printf "%s.replicas: must be at most kafka.partitions, %d: the others would have nothing to do" $component $partitions) }}{{ end -}}
{{- if and .autoscaling.enabled (gt (int .autoscaling.maxReplicas) $partitions) }}{{ $faults = append $faults (printf "%s.autoscaling.maxReplicas: must be at most kafka.partitions, %d: the others would have nothing to do" $component $partitions) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- with $v.gateway }}{{ if lt (int .terminationGracePeriodSeconds) (add (int .preStopSeconds) 20) }}{{ $faults = append $faults "gateway.terminationGracePeriodSeconds: must be at least gateway.preStopSeconds and 20 more, which the process has to stop" }}{{ end }}{{ end -}}
{{- range $owner, $labels := dict "commonLabels" $v.commonLabels "collector.podLabels" $v.collector.podLabels "features.podLabels" $v.features.podLabels "gateway.podLabels" $v.gateway.podLabels "recorder.podLabels" $v.recorder.podLabels "controller.podLabels" $v.controller.podLabels -}}
{{- range $label, $_ := $labels -}}
{{- if or (hasPrefix "app.kubernetes.io/" $label) (hasPrefix "helm.sh/" $label) }}{{ $faults = append $faults (printf "%s: must not hold %s, which is the chart's" $owner $label) }}{{ end -}}
{{- if and (ne $owner "commonLabels") (hasKey $v.commonLabels $label) }}{{ $faults = append $faults (printf "%s: must not hold %s, which is in commonLabels" $owner $label) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- toYaml $faults -}}
{{- end }}

{{- define "tradewind.checks.processes" -}}
{{- $v := .Values -}}
{{- $defaults := .Files.Get "files/defaults.yaml" | fromYaml -}}
{{- $faults := list -}}
{{- $source := default dict $v.collector.config.source -}}
{{- $isReplay := eq (default (hasKey $source "file" | ternary "replay" "simulator") $source.kind) "replay" -}}
{{- if and $isReplay (not $source.file) }}{{ $faults = append $faults "collector.config.source.file: must name the recording to replay" }}{{ end -}}
{{- if and $isReplay (not $v.collector.recordingClaim) }}{{ $faults = append $faults "collector.recordingClaim: must name the claim with the recording of collector.config.source.file" }}{{ end -}}
{{- if and $isReplay $source.file (not (hasPrefix "/recordings/" $source.file)) }}{{ $faults = append $faults "collector.config.source.file: must be below /recordings/, where collector.recordingClaim is" }}{{ end -}}
{{- if not $isReplay }}{{ range list "file" "format" "symbol" }}{{ if hasKey $source . }}{{ $faults = append $faults (printf "collector.config.source.%s: must be absent with the simulator: it belongs to a recording" .) }}{{ end }}{{ end }}{{ end -}}
{{- with default dict $v.gateway.config.prediction -}}
{{- $hold := dig "holdAbove" $defaults.prediction.holdAbove . -}}
{{- $buy := dig "buyAbove" $defaults.prediction.buyAbove . -}}
{{- if gt (float64 $hold) (float64 $buy) }}{{ $faults = append $faults "gateway.config.prediction.holdAbove: must be at most buyAbove" }}{{ end -}}
{{- end -}}
{{- with default dict $v.controller.config.leaderElection -}}
{{- $of := $defaults.leaderElection -}}
{{- $lease := float64 (dig "leaseDurationSeconds" $of.leaseDurationSeconds .) -}}
{{- $deadline := float64 (dig "renewDeadlineSeconds" $of.renewDeadlineSeconds .) -}}
{{- if ge $deadline $lease }}{{ $faults = append $faults "controller.config.leaderElection.renewDeadlineSeconds: must be less than leaseDurationSeconds" }}{{ end -}}
{{- if ge (float64 (dig "retryPeriodSeconds" $of.retryPeriodSeconds .)) $deadline }}{{ $faults = append $faults "controller.config.leaderElection.retryPeriodSeconds: must be less than renewDeadlineSeconds" }}{{ end -}}
{{- end -}}
{{- with (default dict $v.controller.config.prometheus).address }}{{ if not (regexMatch "^https?://[^/@\\s]+" .) }}{{ $faults = append $faults "controller.config.prometheus.address: must be http://host:port or https://host:port" }}{{ end }}{{ end -}}
{{- toYaml $faults -}}
{{- end }}

{{- define "tradewind.checks.access" -}}
{{- $v := .Values -}}
{{- $faults := list -}}
{{- if and $v.certManager.enabled (not $v.certManager.issuerRef.name) }}{{ $faults = append $faults "certManager.issuerRef.name: must be given where certManager.enabled is true" }}{{ end -}}
{{- if and $v.gateway.tls.clientCaSecret.name (not (include "tradewind.gateway.tlsSecret" .)) }}{{ $faults = append $faults "gateway.tls.clientCaSecret.name: must be empty unless gateway.tls.secretName or certManager.enabled encrypts" }}{{ end -}}
{{- range $path, $secret := dict "kafka.caSecret" $v.kafka.caSecret "redis.caSecret" $v.redis.caSecret "clickhouse.caSecret" $v.clickhouse.caSecret "gateway.tls.clientCaSecret" $v.gateway.tls.clientCaSecret -}}
{{- if and $secret.name (not $secret.key) }}{{ $faults = append $faults (printf "%s.key: must be given with %s.name" $path $path) }}{{ end -}}
{{- end -}}
{{- if and $v.gateway.service.headless (ne $v.gateway.service.type "ClusterIP") }}{{ $faults = append $faults "gateway.service.headless: must be false unless gateway.service.type is ClusterIP" }}{{ end -}}
{{- if and $v.networkPolicy.enabled (not $v.networkPolicy.dns.ports) }}{{ $faults = append $faults "networkPolicy.dns.ports: must hold one port at least: names could not be looked up" }}{{ end -}}
{{- if and $v.networkPolicy.enabled (not $v.networkPolicy.apiServer.ports) }}{{ $faults = append $faults "networkPolicy.apiServer.ports: must hold one port at least" }}{{ end -}}
{{- with $v.predictors.tls }}{{ if and .enabled (not $v.certManager.enabled) (not (and .secretName .clientSecretName)) }}{{ $faults = append $faults "predictors.tls: must have secretName and clientSecretName unless certManager.enabled is true" }}{{ end }}{{ end -}}
{{- toYaml $faults -}}
{{- end }}

{{/* Settings of the processes: the files of their ConfigMaps, and what comes from Secrets. Each takes root and component. */}}

{{- define "tradewind.config.kafka" -}}
{{- $kafka := omit .Values.kafka "caSecret" "credentialsSecret" -}}
{{- $_ := set $kafka "brokers" (include "tradewind.kafka.brokers" . | fromYamlArray) -}}
{{- with .Values.kafka.caSecret }}{{ if .name }}{{ $_ := set $kafka "caFile" (printf "/etc/tradewind/tls/kafka/%s" .key) }}{{ end }}{{ end -}}
{{- toYaml $kafka -}}
{{- end }}

{{- define "tradewind.config.redis" -}}
{{- $redis := omit .Values.redis "caSecret" "credentialsSecret" -}}
{{- $_ := set $redis "addresses" (include "tradewind.redis.addresses" . | fromYamlArray) -}}
{{- with .Values.redis.caSecret }}{{ if .name }}{{ $_ := set $redis "caFile" (printf "/etc/tradewind/tls/redis/%s" .key) }}{{ end }}{{ end -}}
{{- toYaml $redis -}}
{{- end }}

{{- define "tradewind.config.history" -}}
{{- $history := omit .Values.clickhouse "caSecret" "credentialsSecret" -}}
{{- $_ := set $history "url" (include "tradewind.clickhouse.url" .) -}}
{{- with .Values.clickhouse.caSecret }}{{ if .name }}{{ $_ := set $history "caFile" (printf "/etc/tradewind/tls/clickhouse/%s" .key) }}{{ end }}{{ end -}}
{{- toYaml $history -}}
{{- end }}

{{- define "tradewind.config.grpc" -}}
host: {{ .Values.listenAddress | quote }}
port: 50051
{{- if include "tradewind.gateway.tlsSecret" . }}
certFile: /etc/tradewind/tls/grpc/tls.crt
keyFile: /etc/tradewind/tls/grpc/tls.key
{{- with .Values.gateway.tls.clientCaSecret }}
{{- if .name }}
clientCaFile: /etc/tradewind/tls/callers/{{ .key }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* The whole file of a process: what values say, and what the chart knows. */}}
{{- define "tradewind.config" -}}
{{- $values := .root.Values -}}
{{- $config := deepCopy (index $values .component).config -}}
{{- $_ := set $config "http" (dict "host" $values.listenAddress "port" 8080) -}}
{{- $shared := eq .component "controller" | ternary (omit $values.settings "features" "tracing") (omit $values.settings "features") -}}
{{- range $section, $settings := $shared }}{{ $_ := set $config $section $settings }}{{ end -}}
{{- if eq .component "controller" -}}
{{- $gateways := dict "service" (printf "%s-gateway" (include "tradewind.fullname" .root)) "portName" "http" -}}
{{- $_ := set $config "gateways" (merge $gateways (default dict $config.gateways)) -}}
{{- $predictors := dict "imagePullPolicy" $values.image.pullPolicy "listenAddress" $values.listenAddress -}}
{{- $_ := set $predictors "imagePullSecrets" $values.image.pullSecrets -}}
{{- $_ := set $predictors "tlsSecretName" (include "tradewind.predictors.tlsSecret" .root) -}}
{{- with $values.settings.tracing -}}
{{- /* Traces go through predictors too. */ -}}
{{- $env := dict -}}
{{- range $key, $value := . }}{{ $_ := set $env (printf "TRADEWIND_TRACING_%s" (snakecase $key | upper)) (toString $value) }}{{ end -}}
{{- $_ := set $predictors "env" (merge dict (dig "predictors" "env" dict $config) $env) -}}
{{- end -}}
{{- $_ := set $config "predictors" (merge $predictors (default dict $config.predictors)) -}}
{{- else -}}
{{- $_ := set $config "kafka" (include "tradewind.config.kafka" .root | fromYaml) -}}
{{- $_ := set $config "features" $values.settings.features -}}
{{- end -}}
{{- if has .component (list "features" "gateway") -}}
{{- $_ := set $config "redis" (include "tradewind.config.redis" .root | fromYaml) -}}
{{- end -}}
{{- if eq .component "gateway" -}}
{{- $_ := set $config "grpc" (include "tradewind.config.grpc" .root | fromYaml) -}}
{{- $_ := set $config "traffic" (dict "source" "kubernetes") -}}
{{- if $values.predictors.tls.enabled -}}
{{- $files := dict "caFile" "ca.crt" "certFile" "tls.crt" "keyFile" "tls.key" -}}
{{- $predictors := dict "tls" true "serverName" $values.predictors.tls.serverName -}}
{{- range $setting, $file := $files }}{{ $_ := set $predictors $setting (printf "/etc/tradewind/tls/predictors/%s" $file) }}{{ end -}}
{{- $_ := set $config "predictors" (merge $predictors (default dict $config.predictors)) -}}
{{- end -}}
{{- end -}}
{{- if eq .component "recorder" -}}
{{- $_ := set $config "history" (include "tradewind.config.history" .root | fromYaml) -}}
{{- $_ := set $config "recorder" (merge (dict "spool" "/data/recorder") (default dict $config.recorder)) -}}
{{- end -}}
{{- toYaml $config -}}
{{- end }}


{{/* Users and passwords. */}}
{{- define "tradewind.env" -}}
{{- $env := list -}}
{{- $values := .root.Values -}}
{{- if eq .component "controller" -}}
{{- $image := default (include "tradewind.image" .root) $values.controller.predictorImage -}}
{{- $env = append $env (dict "name" "TRADEWIND_PREDICTORS_IMAGE" "value" $image) -}}
{{- else -}}
{{- $servers := list (list "KAFKA" $values.kafka.credentialsSecret) -}}
{{- if has .component (list "features" "gateway") }}{{ $servers = append $servers (list "REDIS" $values.redis.credentialsSecret) }}{{ end -}}
{{- if eq .component "recorder" }}{{ $servers = append $servers (list "HISTORY" $values.clickhouse.credentialsSecret) }}{{ end -}}
{{- range $servers -}}
{{- $server := index . 0 -}}
{{- $secret := index . 1 -}}
{{- range $setting, $key := dict "USERNAME" $secret.usernameKey "PASSWORD" $secret.passwordKey "SENTINEL_PASSWORD" (default "" $secret.sentinelPasswordKey) -}}
{{- if and $secret.name $key -}}
{{- $ref := dict "name" $secret.name "key" $key -}}
{{- $env = append $env (dict "name" (printf "TRADEWIND_%s_%s" $server $setting) "valueFrom" (dict "secretKeyRef" $ref)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if $env }}{{ toYaml $env }}{{ end -}}
{{- end }}

{{/* Secrets with certificates: names of folders below /etc/tradewind/tls, and of Secrets. */}}
{{- define "tradewind.tlsSecrets" -}}
{{- $values := .root.Values -}}
{{- $secrets := dict -}}
{{- if ne .component "controller" }}{{ $_ := set $secrets "kafka" $values.kafka.caSecret.name }}{{ end -}}
{{- if has .component (list "features" "gateway") }}{{ $_ := set $secrets "redis" $values.redis.caSecret.name }}{{ end -}}
{{- if eq .component "recorder" }}{{ $_ := set $secrets "clickhouse" $values.clickhouse.caSecret.name }}{{ end -}}
{{- if eq .component "gateway" -}}
{{- $_ := set $secrets "grpc" (include "tradewind.gateway.tlsSecret" .root) -}}
{{- $_ := set $secrets "callers" $values.gateway.tls.clientCaSecret.name -}}
{{- $_ := set $secrets "predictors" (include "tradewind.predictors.clientTlsSecret" .root) -}}
{{- end -}}
{{- range $folder, $secret := $secrets }}{{ if not $secret }}{{ $_ := unset $secrets $folder }}{{ end }}{{ end -}}
{{- toYaml $secrets -}}
{{- end }}

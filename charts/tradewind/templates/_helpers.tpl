{{/* Names, labels and the image. */}}

{{- define "tradewind.name" -}}
{{- default .Chart.Name .Values.nameOverride -}}
{{- end }}

{{/* First part of all names: short enough for what follows it. */}}
{{- define "tradewind.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride -}}
{{- else if contains (include "tradewind.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "tradewind.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{/* Name within the whole cluster: no namespace has a dot, so two releases never have the same. */}}
{{- define "tradewind.priorityClass" -}}
{{- printf "%s.%s" (include "tradewind.fullname" .) .Release.Namespace -}}
{{- end }}

{{/* What never changes of the pods of a component. Takes root and component. */}}
{{- define "tradewind.selectorLabels" -}}
app.kubernetes.io/name: {{ include "tradewind.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end }}

{{/* Labels of pods: none that changes with the version of the chart, or every upgrade would replace every pod. */}}
{{- define "tradewind.podLabels" -}}
{{ include "tradewind.selectorLabels" . }}
app.kubernetes.io/part-of: tradewind
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Takes root and, where it belongs to one, component. */}}
{{- define "tradewind.labels" -}}
{{ include "tradewind.podLabels" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "tradewind.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{- printf "%s@%s" .repository .digest -}}
{{- else -}}
{{- printf "%s:%s" .repository (default $.Chart.AppVersion .tag) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* Account of a component: two have rights, the others share one that has none. */}}
{{- define "tradewind.account" -}}
{{- if has .component (list "controller" "gateway") -}}
{{- printf "%s-%s" (include "tradewind.fullname" .root) .component -}}
{{- else -}}
{{- include "tradewind.fullname" .root -}}
{{- end -}}
{{- end }}

{{- define "tradewind.kafka.brokers" -}}
{{- if .Values.trial.kafka.enabled -}}
{{- list (printf "%s-kafka:9092" (include "tradewind.fullname" .)) | toYaml -}}
{{- else -}}
{{- toYaml .Values.kafka.brokers -}}
{{- end -}}
{{- end }}

{{/* Partitions and copies of the topics: what values say, or the default of the processes. */}}
{{- define "tradewind.kafka.counts" -}}
{{- $kafka := .Values.kafka -}}
{{- $counts := dict -}}
{{- range $key, $default := (.Files.Get "files/defaults.yaml" | fromYaml).kafka }}{{ $_ := set $counts $key (default $default (get $kafka $key)) }}{{ end -}}
{{- toYaml $counts -}}
{{- end }}

{{- define "tradewind.redis.addresses" -}}
{{- if .Values.trial.redis.enabled -}}
{{- list (printf "%s-redis:6379" (include "tradewind.fullname" .)) | toYaml -}}
{{- else -}}
{{- toYaml .Values.redis.addresses -}}
{{- end -}}
{{- end }}

{{- define "tradewind.clickhouse.url" -}}
{{- if .Values.trial.clickhouse.enabled -}}
{{- printf "http://%s-clickhouse:8123" (include "tradewind.fullname" .) -}}
{{- else -}}
{{- .Values.clickhouse.url -}}
{{- end -}}
{{- end }}

{{/* Secret with the certificate of the gateways; empty for plain text. */}}
{{- define "tradewind.gateway.tlsSecret" -}}
{{- if .Values.gateway.tls.secretName -}}
{{- .Values.gateway.tls.secretName -}}
{{- else if .Values.certManager.enabled -}}
{{- printf "%s-gateway-tls" (include "tradewind.fullname" .) -}}
{{- end -}}
{{- end }}

{{/* Secrets of mTLS with predictors: that of predictors, and that of gateways. Empty for plain text. */}}
{{- define "tradewind.predictors.tlsSecret" -}}
{{- if .Values.predictors.tls.enabled -}}
{{- default (.Values.certManager.enabled | ternary (printf "%s-predictor-tls" (include "tradewind.fullname" .)) "") .Values.predictors.tls.secretName -}}
{{- end -}}
{{- end }}

{{- define "tradewind.predictors.clientTlsSecret" -}}
{{- if .Values.predictors.tls.enabled -}}
{{- default (.Values.certManager.enabled | ternary (printf "%s-gateway-client-tls" (include "tradewind.fullname" .)) "") .Values.predictors.tls.clientSecretName -}}
{{- end -}}
{{- end }}

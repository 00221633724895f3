{{/* Parts of NetworkPolicies. */}}

{{/* Ports of addresses `host:port`, and more of them. Takes addresses and more. */}}
{{- define "tradewind.net.ports" -}}
{{- $ports := list -}}
{{- range .addresses }}{{ $ports = append $ports (regexFind "[0-9]+$" . | int) }}{{ end -}}
{{- range .more }}{{ $ports = append $ports (int .) }}{{ end -}}
{{- range uniq $ports | sortAlpha }}
- { protocol: TCP, port: {{ . }} }
{{- end }}
{{- end }}

{{/* Port of an http or https address, as a list of ports. Takes the address. */}}
{{- define "tradewind.net.urlPort" -}}
{{- $url := urlParse . -}}
{{- $port := regexFind ":[0-9]+$" $url.host | trimPrefix ":" -}}
- { protocol: TCP, port: {{ default (eq $url.scheme "https" | ternary "443" "80") $port }} }
{{- end }}

{{/* Pods of components. Takes root and components. */}}
{{- define "tradewind.net.components" -}}
- podSelector:
    matchLabels: {{- include "tradewind.selectorLabels" (dict "root" .root) | nindent 6 }}
    matchExpressions:
      - { key: app.kubernetes.io/component, operator: In, values: {{ toJson .components }} }
{{- end }}

{{- define "tradewind.net.predictors" -}}
- podSelector:
    matchLabels: { app.kubernetes.io/name: tradewind-predictor }
{{- end }}

{{/* One direction of an edge. Takes direction (`to` or `from`), peers (text; everywhere if empty) and ports (text). */}}
{{- define "tradewind.net.rule" -}}
- ports: {{- .ports | nindent 4 }}
  {{- with .peers }}
  {{ $.direction }}: {{- . | nindent 4 }}
  {{- end }}
{{- end }}

{{/* Peers of values as text. */}}
{{- define "tradewind.net.peers" -}}
{{- with . }}{{ toYaml . }}{{ end -}}
{{- end }}

{{- define "tradewind.net.dns" -}}
{{- $ports := "" -}}
{{- range .Values.networkPolicy.dns.ports }}{{ $ports = printf "%s\n- { protocol: UDP, port: %d }\n- { protocol: TCP, port: %d }" $ports (int .) (int .) }}{{ end -}}
{{- include "tradewind.net.rule" (dict "direction" "to" "ports" (trim $ports) "peers" (include "tradewind.net.peers" .Values.networkPolicy.dns.peers)) -}}
{{- end }}

{{/* To a server of the trial, or elsewhere. Takes root, trial (component or empty), peers and ports. */}}
{{- define "tradewind.net.toServer" -}}
{{- $peers := include "tradewind.net.peers" .peers -}}
{{- if .trial }}{{ $peers = include "tradewind.net.components" (dict "root" .root "components" (list .trial)) }}{{ end -}}
{{- include "tradewind.net.rule" (dict "direction" "to" "ports" .ports "peers" $peers) -}}
{{- end }}

{{- define "tradewind.net.toKafka" -}}
{{- $ports := include "tradewind.net.ports" (dict "addresses" (include "tradewind.kafka.brokers" . | fromYamlArray) "more" .Values.networkPolicy.kafka.ports) -}}
{{- include "tradewind.net.toServer" (dict "root" . "trial" (.Values.trial.kafka.enabled | ternary "kafka" "") "peers" .Values.networkPolicy.kafka.peers "ports" (trim $ports)) -}}
{{- end }}

{{- define "tradewind.net.toRedis" -}}
{{- $ports := include "tradewind.net.ports" (dict "addresses" (include "tradewind.redis.addresses" . | fromYamlArray) "more" .Values.networkPolicy.redis.ports) -}}
{{- include "tradewind.net.toServer" (dict "root" . "trial" (.Values.trial.redis.enabled | ternary "redis" "") "peers" .Values.networkPolicy.redis.peers "ports" (trim $ports)) -}}
{{- end }}

{{- define "tradewind.net.toClickHouse" -}}
{{- $ports := include "tradewind.clickhouse.url" . | include "tradewind.net.urlPort" -}}
{{- include "tradewind.net.toServer" (dict "root" . "trial" (.Values.trial.clickhouse.enabled | ternary "clickhouse" "") "peers" .Values.networkPolicy.clickhouse.peers "ports" $ports) -}}
{{- end }}

{{- define "tradewind.net.toApiServer" -}}
{{- $ports := include "tradewind.net.ports" (dict "addresses" list "more" .Values.networkPolicy.apiServer.ports) -}}
{{- include "tradewind.net.rule" (dict "direction" "to" "ports" (trim $ports) "peers" (include "tradewind.net.peers" .Values.networkPolicy.apiServer.peers)) -}}
{{- end }}

{{/* Prometheus that the controller asks, wherever it is. */}}
{{- define "tradewind.net.toPrometheus" -}}
{{- with (default dict .Values.controller.config.prometheus).address -}}
{{- include "tradewind.net.rule" (dict "direction" "to" "ports" (include "tradewind.net.urlPort" .) "peers" (include "tradewind.net.peers" $.Values.networkPolicy.prometheus)) -}}
{{- end -}}
{{- end }}

{{/* To the receiver of traces, where there is one. */}}
{{- define "tradewind.net.toTracing" -}}
{{- with (default dict .Values.settings.tracing).endpoint -}}
{{- include "tradewind.net.rule" (dict "direction" "to" "ports" (include "tradewind.net.urlPort" .) "peers" (include "tradewind.net.peers" $.Values.networkPolicy.tracing.peers)) -}}
{{- end -}}
{{- end }}

{{/* A policy. Takes root, name, selector (text), ingress and egress (lists of text). */}}
{{- define "tradewind.net.policy" -}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "tradewind.fullname" .root }}-{{ .name }}
  labels: {{- include "tradewind.labels" (dict "root" .root) | nindent 4 }}
spec:
  podSelector:
    matchLabels: {{- .selector | nindent 6 }}
  policyTypes: [Ingress, Egress]
  {{- with compact .ingress }}
  ingress:
    {{- range . }}
    {{- . | nindent 4 }}
    {{- end }}
  {{- end }}
  {{- with compact .egress }}
  egress:
    {{- range . }}
    {{- . | nindent 4 }}
    {{- end }}
  {{- end }}
{{- end }}

{{/* Parts of pods that are the same everywhere. */}}

{{/* Of the pod. Takes user. */}}
{{- define "tradewind.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ .user }}
runAsGroup: {{ .user }}
fsGroup: {{ .user }}
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{/* A program of the chart. Takes root and name. */}}
{{- define "tradewind.script" -}}
{{- regexReplaceAll "\n+" (printf "files/%s" .name | .root.Files.Get | trim) "\n" -}}
{{- end }}

{{- define "tradewind.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}

{{- define "tradewind.pullSecrets" -}}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- end }}

{{/* Nodes that pods run on. Takes root, component and values. */}}
{{- define "tradewind.placement" -}}
{{- with .values.priorityClassName }}
priorityClassName: {{ . }}
{{- else }}
{{- if .root.Values.priorityClass.create }}
priorityClassName: {{ include "tradewind.priorityClass" .root }}
{{- end }}
{{- end }}
{{- with .values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- if ne .values.topologySpread "off" }}
topologySpreadConstraints:
  # Nodes without a zone take pods too.
{{- range $key, $isHard := dict "topology.kubernetes.io/zone" false "kubernetes.io/hostname" (eq .values.topologySpread "hard") }}
  - maxSkew: 1
    topologyKey: {{ $key }}
    whenUnsatisfiable: {{ $isHard | ternary "DoNotSchedule" "ScheduleAnyway" }}
    labelSelector:
      matchLabels:
        {{- include "tradewind.selectorLabels" $ | nindent 8 }}
    matchLabelKeys: {{ eq $.component "recorder" | ternary "[controller-revision-hash]" "[pod-template-hash]" }}
{{- end }}
{{- end }}
{{- end }}

{{- define "tradewind.probes" -}}
# Answers from the start, so that a slow start is no reason to begin again.
startupProbe:
  httpGet: { path: /healthz, port: http }
  periodSeconds: 2
  timeoutSeconds: 2
  failureThreshold: 60
livenessProbe:
  httpGet: { path: /healthz, port: http }
  periodSeconds: 10
  timeoutSeconds: 2
  failureThreshold: 6
readinessProbe:
  httpGet: { path: /readyz, port: http }
  periodSeconds: 3
  timeoutSeconds: 2
  failureThreshold: 2
{{- end }}

{{/* In a trial the servers start with the processes: waiting is cheaper than starting again. */}}
{{- define "tradewind.waitForServers" -}}
{{- $servers := list -}}
{{- if and .root.Values.trial.kafka.enabled (ne .component "controller") }}{{ $servers = concat $servers (include "tradewind.kafka.brokers" .root | fromYamlArray) }}{{ end -}}
{{- if and .root.Values.trial.redis.enabled (has .component (list "features" "gateway")) }}{{ $servers = concat $servers (include "tradewind.redis.addresses" .root | fromYamlArray) }}{{ end -}}
{{- if and .root.Values.trial.clickhouse.enabled (eq .component "recorder") }}{{ $servers = append $servers (include "tradewind.clickhouse.url" .root | trimPrefix "http://") }}{{ end -}}
{{- if $servers }}
initContainers:
  - name: wait-for-servers
    image: {{ include "tradewind.image" .root | quote }}
    imagePullPolicy: {{ .root.Values.image.pullPolicy }}
    workingDir: /app
    command: [/app/node_modules/node/bin/node, --input-type=module, -e]
    args:
      - |
        {{- include "tradewind.script" (dict "root" .root "name" "wait-for-servers.mjs") | nindent 8 }}
      {{- toYaml $servers | nindent 6 }}
    resources:
      requests: { cpu: 10m, memory: 48Mi }
      limits: { memory: 128Mi }
    securityContext: {{- include "tradewind.containerSecurity" .root | nindent 6 }}
    terminationMessagePolicy: FallbackToLogsOnError
{{- end }}
{{- end }}

{{/* The pods of a component. Takes root, component and values. */}}
{{- define "tradewind.pod" -}}
{{- $values := .root.Values -}}
{{- $tls := include "tradewind.tlsSecrets" . | fromYaml -}}
{{- $recordings := and (eq .component "collector") .values.recordingClaim -}}
metadata:
  labels:
    {{- include "tradewind.podLabels" . | nindent 4 }}
    {{- with .values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    # Pods are replaced when their settings change.
    checksum/config: {{ include "tradewind.config" . | sha256sum }}
    kubectl.kubernetes.io/default-container: {{ .component }}
    {{- with .values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "tradewind.account" . }}
  automountServiceAccountToken: {{ has .component (list "controller" "gateway") }}
  # Variables of Services would be taken for settings.
  enableServiceLinks: false
  {{- with include "tradewind.pullSecrets" .root | trim }}
  {{- . | nindent 2 }}
  {{- end }}
  {{- with include "tradewind.placement" . | trim }}
  {{- . | nindent 2 }}
  {{- end }}
  terminationGracePeriodSeconds: {{ .values.terminationGracePeriodSeconds }}
  securityContext: {{- include "tradewind.podSecurity" (dict "user" 10001) | nindent 4 }}
  {{- with include "tradewind.waitForServers" . | trim }}
  {{- . | nindent 2 }}
  {{- end }}
  containers:
    - name: {{ .component }}
      image: {{ include "tradewind.image" .root | quote }}
      imagePullPolicy: {{ $values.image.pullPolicy }}
      args: [service, {{ .component }}, --config, /etc/tradewind/config/config.yaml]
      {{- with include "tradewind.env" . }}
      env: {{- . | nindent 8 }}
      {{- end }}
      ports:
        {{- if eq .component "gateway" }}
        - { name: grpc, containerPort: 50051, protocol: TCP }
        {{- end }}
        - { name: http, containerPort: 8080, protocol: TCP }
      {{- include "tradewind.probes" . | nindent 6 }}
      {{- if eq .component "gateway" }}
      lifecycle:
        # New callers go elsewhere before the process stops answering.
        preStop:
          sleep: { seconds: {{ .values.preStopSeconds }} }
      {{- end }}
      resources: {{- toYaml .values.resources | nindent 8 }}
      securityContext: {{- include "tradewind.containerSecurity" . | nindent 8 }}
      # The one line that says why a process ended.
      terminationMessagePolicy: FallbackToLogsOnError
      volumeMounts:
        - { name: config, mountPath: /etc/tradewind/config, readOnly: true }
        {{- range $folder, $secret := $tls }}
        - { name: tls-{{ $folder }}, mountPath: /etc/tradewind/tls/{{ $folder }}, readOnly: true }
        {{- end }}
        {{- if eq .component "recorder" }}
        - { name: spool, mountPath: /data }
        {{- end }}
        {{- if $recordings }}
        - { name: recordings, mountPath: /recordings, readOnly: true }
        {{- end }}
  volumes:
    - name: config
      configMap: { name: {{ include "tradewind.fullname" .root }}-{{ .component }} }
    {{- range $folder, $secret := $tls }}
    - name: tls-{{ $folder }}
      secret: { secretName: {{ $secret }} }
    {{- end }}
    {{- if and (eq .component "recorder") (not .values.persistence.enabled) }}
    - name: spool
      emptyDir: {}
    {{- end }}
    {{- if $recordings }}
    - name: recordings
      persistentVolumeClaim: { claimName: {{ .values.recordingClaim }}, readOnly: true }
    {{- end }}
{{- end }}

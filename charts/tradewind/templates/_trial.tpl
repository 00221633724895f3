{{/*
A server of one pod with its Service. Takes root, component, server, user, port, env, data (folder), mounts, volumes and probe.
*/}}
{{- define "tradewind.trialServer" -}}
{{- $name := printf "%s-%s" (include "tradewind.fullname" .root) .component -}}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ $name }}
  labels: {{- include "tradewind.labels" . | nindent 4 }}
spec:
  selector: {{- include "tradewind.selectorLabels" . | nindent 4 }}
  ports:
    - { name: {{ .component }}, port: {{ .port }}, targetPort: {{ .port }}, protocol: TCP }
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: {{ $name }}
  labels: {{- include "tradewind.labels" . | nindent 4 }}
spec:
  replicas: 1
  serviceName: {{ $name }}
  selector:
    matchLabels: {{- include "tradewind.selectorLabels" . | nindent 6 }}
  {{- if .server.persistence.enabled }}
  volumeClaimTemplates: {{- include "tradewind.claimTemplate" (dict "name" "data" "persistence" .server.persistence) | nindent 4 }}
  {{- end }}
  template:
    metadata:
      labels: {{- include "tradewind.podLabels" . | nindent 8 }}
    spec:
      serviceAccountName: {{ include "tradewind.fullname" .root }}
      automountServiceAccountToken: false
      enableServiceLinks: false
      {{- with include "tradewind.pullSecrets" .root | trim }}
      {{- . | nindent 6 }}
      {{- end }}
      terminationGracePeriodSeconds: 30
      securityContext: {{- include "tradewind.podSecurity" . | nindent 8 }}
      containers:
        - name: {{ .component }}
          image: {{ .server.image | quote }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          {{- with .server.command }}
          command: {{- toYaml . | nindent 12 }}
          {{- end }}
          {{- with .env }}
          env: {{- toYaml . | nindent 12 }}
          {{- end }}
          ports:
            - { name: {{ .component }}, containerPort: {{ .port }}, protocol: TCP }
          startupProbe: {{- merge (dict "periodSeconds" 2 "failureThreshold" 90) .probe | toYaml | nindent 12 }}
          readinessProbe: {{- merge (dict "periodSeconds" 5 "failureThreshold" 3) .probe | toYaml | nindent 12 }}
          resources: {{- toYaml .server.resources | nindent 12 }}
          securityContext: {{- include "tradewind.containerSecurity" .root | nindent 12 }}
          terminationMessagePolicy: FallbackToLogsOnError
          volumeMounts: {{- concat (list (dict "name" "data" "mountPath" .data) (dict "name" "tmp" "mountPath" "/tmp")) .mounts | toYaml | nindent 12 }}
      volumes:
        - name: tmp
          emptyDir: {}
        {{- if not .server.persistence.enabled }}
        - name: data
          emptyDir: {}
        {{- end }}
        {{- with .volumes }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
{{- end }}

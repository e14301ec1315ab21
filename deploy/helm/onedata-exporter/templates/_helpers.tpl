{{- define "onedata-exporter.name" -}}
{{- .Values.nameOverride | default .Chart.Name -}}
{{- end }}

{{- define "onedata-exporter.fullname" -}}
{{- $name := include "onedata-exporter.name" . -}}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- .Values.fullnameOverride | default $full | trunc 53 | trimSuffix "-" -}}
{{- end }}

{{- define "onedata-exporter.selectorLabels" -}}
app.kubernetes.io/name: {{ include "onedata-exporter.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "onedata-exporter.labels" -}}
{{ include "onedata-exporter.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "onedata-exporter.configuration" -}}
onedata-exporter.yml: |
  {{- $config := deepCopy .Values.config -}}
  {{- if include "onedata-exporter.isGuarded" . -}}
  {{- $config = mergeOverwrite $config (dict "web" (dict "health_address" ":19444")) -}}
  {{- end -}}
  {{- toYaml $config | nindent 2 }}
{{- end }}

{{- /* Whether the pages have TLS or passwords, which probes cannot know; empty: no. */ -}}
{{- define "onedata-exporter.isGuarded" -}}
{{- dig "web" "config_file" "" .Values.config -}}
{{- end }}

{{- /* The name of the Secret whose files are mounted; empty: none. */ -}}
{{- define "onedata-exporter.secretName" -}}
{{- if .Values.secrets.existingSecret -}}
{{- .Values.secrets.existingSecret -}}
{{- else if .Values.secrets.files -}}
{{- include "onedata-exporter.fullname" . -}}
{{- end -}}
{{- end }}

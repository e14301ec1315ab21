{{- define "onedata-exporter.name" -}}
{{- .Values.nameOverride | default .Chart.Name -}}
{{- end }}

{{- /* Kubernetes makes a label of a StatefulSet's name and 11 more characters: with "-r99" 48 characters remain. */ -}}
{{- define "onedata-exporter.fullname" -}}
{{- $name := include "onedata-exporter.name" . -}}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- .Values.fullnameOverride | default $full | trunc 48 | trimSuffix "-" -}}
{{- end }}

{{- /* The headless Service, which gives every pod a DNS name. */ -}}
{{- define "onedata-exporter.podsName" -}}
{{- printf "%s-pods" (include "onedata-exporter.fullname" .) -}}
{{- end }}

{{- define "onedata-exporter.releaseLabels" -}}
app.kubernetes.io/name: {{ include "onedata-exporter.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "onedata-exporter.selectorLabels" -}}
{{ include "onedata-exporter.releaseLabels" . }}
app.kubernetes.io/component: exporter
{{- end }}

{{- define "onedata-exporter.labels" -}}
{{- $own := include "onedata-exporter.releaseLabels" . | fromYaml -}}
{{- $_ := set $own "app.kubernetes.io/version" .Chart.AppVersion -}}
{{- $_ := set $own "app.kubernetes.io/managed-by" .Release.Service -}}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_") -}}
{{- toYaml (merge $own .Values.commonLabels) -}}
{{- end }}

{{- define "onedata-exporter.image" -}}
{{- with .Values.image -}}
{{- with .registry }}{{ . }}/{{ end }}{{ .repository }}
{{- if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end -}}
{{- end -}}
{{- end }}

{{- define "onedata-exporter.serviceAccountName" -}}
{{- $own := ternary (include "onedata-exporter.fullname" .) "default" .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default $own -}}
{{- end }}

{{- define "onedata-exporter.configMapName" -}}
{{- .Values.existingConfigMap | default (include "onedata-exporter.fullname" .) -}}
{{- end }}

{{- define "onedata-exporter.configuration" -}}
onedata-exporter.yml: |
  {{- toYaml .Values.config | nindent 2 }}
{{- end }}

{{- /* The name of the Secret whose files are mounted; empty: none. */ -}}
{{- define "onedata-exporter.secretName" -}}
{{- if .Values.secrets.existingSecret -}}
{{- .Values.secrets.existingSecret -}}
{{- else if .Values.secrets.files -}}
{{- include "onedata-exporter.fullname" . -}}
{{- end -}}
{{- end }}

{{- /* Not empty: this release renders the objects that exist once for all releases. */ -}}
{{- define "onedata-exporter.isOwner" -}}
{{- if eq (.Values.ownerRelease | default .Release.Name) .Release.Name -}}yes{{- end -}}
{{- end }}

{{- /* Milliseconds of a duration such as 1m30s. */ -}}
{{- define "onedata-exporter.milliseconds" -}}
{{- $unit := dict "ms" 1 "s" 1000 "m" 60000 "h" 3600000 -}}
{{- $sum := 0 -}}
{{- range regexFindAll "[0-9]+(ms|s|m|h)" . -1 -}}
{{- $sum = add $sum (mul (regexFind "[0-9]+" . | int64) (get $unit (regexFind "[a-z]+" .))) -}}
{{- end -}}
{{- $sum -}}
{{- end }}

{{- /* Fail when a scrape may take longer than its interval. Takes the name of a value and the value. */ -}}
{{- define "onedata-exporter.checkScrape" -}}
{{- $interval := include "onedata-exporter.milliseconds" .value.interval | int64 -}}
{{- if gt (include "onedata-exporter.milliseconds" .value.scrapeTimeout | int64) $interval -}}
{{- fail (printf "%s.scrapeTimeout (%s) is longer than %s.interval (%s): Prometheus rejects such a scrape job. Shorten the timeout or lengthen the interval." .name .value.scrapeTimeout .name .value.interval) -}}
{{- end -}}
{{- end }}

{{- /* Spread over nodes and zones: with several replicas the pods of each share, otherwise all pods. */ -}}
{{- define "onedata-exporter.topologySpreadConstraints" -}}
{{- $pods := dict "labelSelector" (dict "matchLabels" (include "onedata-exporter.selectorLabels" . | fromYaml)) -}}
{{- $constraints := .Values.topologySpreadConstraints -}}
{{- if not $constraints -}}
{{- range $key := list "kubernetes.io/hostname" "topology.kubernetes.io/zone" -}}
{{- $each := dict "maxSkew" 1 "topologyKey" $key "whenUnsatisfiable" "ScheduleAnyway" -}}
{{- if and (gt (int $.Values.replicas) 1) (semverCompare ">=1.28-0" $.Capabilities.KubeVersion.Version) -}}
{{- $_ := set $each "matchLabelKeys" (list "apps.kubernetes.io/pod-index") -}}
{{- end -}}
{{- $constraints = append $constraints $each -}}
{{- end -}}
{{- end -}}
{{- range $constraints }}
- {{ toYaml (merge (deepCopy .) $pods) | nindent 2 | trim }}
{{- end -}}
{{- end }}

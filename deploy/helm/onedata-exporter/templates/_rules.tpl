{{- /* The settings of the rules: those of the mixin, changed by the values. */ -}}
{{- define "onedata-exporter.ruleSettings" -}}
{{- $settings := deepCopy (.Files.Get "files/rules.yml" | fromYaml).settings -}}
{{- range $key := list "grafanaUrl" "exporterUrl" "runbookUrl" -}}
{{- $_ := set $settings $key (get $.Values $key) -}}
{{- end -}}
{{- toYaml (mergeOverwrite $settings (deepCopy .Values.prometheusRule.config)) -}}
{{- end }}

{{- /* A list of all single settings, each with `key` (a path joined with dots) and `value`. */ -}}
{{- define "onedata-exporter.ruleSettingsList" -}}
{{- range $key, $value := .settings }}
{{- $path := printf "%s%s" $.above $key }}
{{- if kindIs "map" $value }}
{{- include "onedata-exporter.ruleSettingsList" (dict "settings" $value "above" (printf "%s." $path)) }}
{{- else }}
- {{ toJson (dict "key" $path "value" $value) }}
{{- end }}
{{- end }}
{{- end }}

{{- /* JSON text in which the placeholder of a setting is replaced by its value. Takes `text`, `key`, `value`. */ -}}
{{- define "onedata-exporter.replaceSetting" -}}
{{- $mark := printf "@%s@" .key -}}
{{- $text := .text -}}
{{- $value := kindIs "slice" .value | ternary (join ", " .value) (toString .value) -}}
{{- if eq $value "" -}}
{{- /* What separates it from its neighbours in a list of labels or matchers goes with it. */ -}}
{{- range $around := list (printf "{%s}" $mark) (printf "%s, " $mark) (printf ", %s" $mark) (printf "%s," $mark) -}}
{{- $text = replace $around "" $text -}}
{{- end -}}
{{- end -}}
{{- if has (kindOf .value) (list "float64" "int64" "int") -}}
{{- $text = replace (printf "@%s*86400@" .key) (mulf .value 86400 | int64 | toString) $text -}}
{{- end -}}
{{- $json := toJson $value -}}
{{- replace $mark (substr 1 (sub (len $json) 1 | int) $json) $text -}}
{{- end }}

{{- /* A rule without the keys and annotations whose setting is empty. Takes `rule` and `settings`. */ -}}
{{- define "onedata-exporter.trimRule" -}}
{{- $rule := .rule -}}
{{- range $key := list "for" "keep_firing_for" -}}
{{- if eq (get $rule $key) "" -}}{{- $_ := unset $rule $key -}}{{- end -}}
{{- end -}}
{{- with $rule.annotations -}}
{{- range $key, $setting := dict "dashboard_url" "grafanaUrl" "exporter_url" "exporterUrl" "incidents_url" "exporterUrl" "runbook_url" "runbookUrl" -}}
{{- if not (get $.settings $setting) -}}{{- $_ := unset $rule.annotations $key -}}{{- end -}}
{{- end -}}
{{- if .runbook_url -}}{{- $_ := set . "runbook_url" (replace "%s" $rule.alert $.settings.runbookUrl) -}}{{- end -}}
{{- end -}}
{{- toJson $rule -}}
{{- end }}

{{- /* The groups of rules as YAML. */ -}}
{{- define "onedata-exporter.ruleGroups" -}}
{{- $settings := include "onedata-exporter.ruleSettings" . | fromYaml -}}
{{- $text := (.Files.Get "files/rules.yml" | fromYaml).groups | toJson -}}
{{- $list := include "onedata-exporter.ruleSettingsList" (dict "settings" $settings "above" "") | fromYamlArray -}}
{{- range $list -}}
{{- $value := has .key (list "grafanaUrl" "exporterUrl") | ternary (trimSuffix "/" (toString .value)) .value -}}
{{- $text = include "onedata-exporter.replaceSetting" (dict "text" $text "key" .key "value" $value) -}}
{{- end -}}
{{- range $group := $text | fromJsonArray -}}
{{- $rules := list -}}
{{- range $group.rules -}}
{{- $rules = append $rules (include "onedata-exporter.trimRule" (dict "rule" . "settings" $settings) | fromJson) -}}
{{- end -}}
{{- $_ := set $group "rules" $rules -}}
{{- list $group | toYaml | nindent 0 -}}
{{- end -}}
{{- end }}

// The monitoring mixin: recording rules and alerts, made from `_config`, and the dashboards.
local defaults = (import 'config.libsonnet')._config;

// The keys of `config` that the defaults do not have, with their place. A table by the name of an alert
// (`after`, `keep`) is checked against the alerts.
local unknownKeys(config, known, place='_config') = std.flattenArrays([
  if !std.objectHas(known, key) then ['%s.%s' % [place, key]]
  else if std.isObject(config[key]) && !std.member(['after', 'keep'], key) then
    unknownKeys(config[key], known[key], '%s.%s' % [place, key])
  else []
  for key in std.objectFieldsAll(config)
]);

(import 'config.libsonnet') + {
  local config = $._config,
  local sections(names) = [
    section { rules: [rule { section:: section.name } for rule in section.rules] }
    for section in names
  ],
  local exporter = sections([(import 'alerts/exporter.libsonnet')(config)]),
  local targets = sections([
    (import 'alerts/polling.libsonnet')(config),
    (import 'alerts/diagnoses.libsonnet')(config),
    (import 'alerts/certificates.libsonnet')(config),
    (import 'alerts/services.libsonnet')(config),
    (import 'alerts/federation.libsonnet')(config),
    (import 'alerts/quality.libsonnet')(config),
  ]),
  local availability = sections([(import 'alerts/availability.libsonnet')(config)]),
  local groups = exporter + [
    // One group: its rules are evaluated in their order, at the same time.
    {
      name: 'onedata-targets',
      rules: (import 'targets.libsonnet')(config) + std.flattenArrays([section.rules for section in targets]),
    },
  ] + availability,
  local alerts = [rule for group in groups for rule in group.rules if std.objectHas(rule, 'alert')],
  local names = std.set([alert.alert[std.length('Onedata'):] for alert in alerts]),
  // An entry of a name that no alert has would change nothing, and say nothing.
  local unknown = std.setDiff(std.set(std.objectFields(config.after) + std.objectFields(config.keep)), names),
  local severities(name) = [alert.labels.severity for alert in alerts if alert.alert == 'Onedata' + name],
  local misspelt = unknownKeys(config, defaults) + [
    '_config.%s.%s.%s' % [table, name, severity]
    for table in ['after', 'keep']
    for name in std.objectFields(config[table])
    if std.isObject(config[table][name])
    for severity in std.objectFields(config[table][name])
    if !std.member(severities(name), severity)
  ],
  local reserved = std.setInter(
    std.set(config.targetLabels),
    std.set(['instance', 'job', 'kind', 'node', 'onezone', 'severity', 'target'])
  ),
  assert misspelt == [] : 'unknown key: %s. config.libsonnet has all keys.' % std.join(', ', misspelt),
  assert unknown == [] : '_config.after and _config.keep know no alert %s' % std.join(', ', unknown),
  assert reserved == [] : '_config.targetLabels: %s is a label of the alerts themselves' % std.join(', ', reserved),
  prometheusAlerts+:: { groups+: groups },
  prometheusRules+:: { groups+: (import 'recording.libsonnet')(config) },
  grafanaDashboards+:: {
    'onedata-fleet.json': import 'dashboards/onedata-fleet.json',
    'onedata-target.json': import 'dashboards/onedata-target.json',
    'onedata-federation.json': import 'dashboards/onedata-federation.json',
    'onedata-exporter.json': import 'dashboards/onedata-exporter.json',
  },

  // What the documentation says of each alert.
  alertCatalogue:: [
    {
      name: alert.alert,
      group: alert.section,
      severity: alert.labels.severity,
      after: std.get(alert, 'for', '0s'),
      keeps: std.get(alert, 'keep_firing_for', '0s'),
      when: alert.when,
    }
    for alert in alerts
  ],
}

// The monitoring mixin: recording rules and alerts, made from `_config`, and the dashboards.
(import 'config.libsonnet') + {
  local config = $._config,
  local groups = [
    (import 'alerts/exporter.libsonnet')(config),
    (import 'alerts/diagnoses.libsonnet')(config),
    (import 'alerts/certificates.libsonnet')(config),
    (import 'alerts/services.libsonnet')(config),
    (import 'alerts/quality.libsonnet')(config),
    (import 'alerts/availability.libsonnet')(config),
  ],
  local names = std.set([rule.alert[std.length('Onedata'):] for group in groups for rule in group.rules]),
  // An entry of a name that no alert has would change nothing, and say nothing.
  local unknown = std.setDiff(std.set(std.objectFields(config.after) + std.objectFields(config.keep)), names),
  assert unknown == [] : '_config.after and _config.keep know no alert %s' % std.join(', ', unknown),
  prometheusAlerts+:: { groups+: groups },
  prometheusRules+:: { groups+: [(import 'recording.libsonnet')(config)] },
  grafanaDashboards+:: {
    'onedata-fleet.json': import '../../grafana/dashboards/onedata-fleet.json',
    'onedata-target.json': import '../../grafana/dashboards/onedata-target.json',
    'onedata-exporter.json': import '../../grafana/dashboards/onedata-exporter.json',
  },

  // What the documentation says of each alert.
  alertCatalogue:: [
    {
      name: rule.alert,
      group: group.name,
      severity: rule.labels.severity,
      after: std.get(rule, 'for', '0s'),
      keeps: std.get(rule, 'keep_firing_for', '0s'),
      when: rule.when,
    }
    for group in groups
    for rule in group.rules
  ],
}

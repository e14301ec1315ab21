// Phrases of PromQL that the rules are made of. All take part in `job` and `target`. Several exporters that watch
// the same target raise one alert, and only if more than half of those that report see the fault.
function(config) {
  local matchers(own) = std.join(',', std.filter(function(each) each != '', [config.selector, own])),

  // A metric of the exporter with label matchers.
  metric(name, own='')::
    local all = matchers(own);
    if all == '' then name else '%s{%s}' % [name, all],

  // The highest value that each series had in the window: a missed scrape changes nothing.
  highest(name, own='', window=config.window)::
    'max_over_time(%s[%s])' % [$.metric(name, own), window],
  lowest(name, own='', window=config.window)::
    'min_over_time(%s[%s])' % [$.metric(name, own), window],
  latest(name, own='', window=config.window)::
    'last_over_time(%s[%s])' % [$.metric(name, own), window],

  // The same, over all exporters and all series that share some labels.
  highestBy(labels, name, own='', window=config.window)::
    'max by (%s) (%s)' % [labels, $.highest(name, own, window)],

  // How old a time was at the latest scrape of the window, in seconds.
  ageBy(labels, name)::
    'min by (%(labels)s) (last_over_time((timestamp(%(metric)s) - %(metric)s)[%(window)s:15s]))' % {
      labels: labels,
      metric: $.metric(name),
      window: config.window,
    },

  // The share of exporters that reported 1 in the window.
  share(labels, name, own='')::
    'avg by (%s) (%s)' % [labels, $.highest(name, own)],
  // The same, where several series of one exporter share the labels, and one of them is enough.
  shareOfAny(labels, name, own='')::
    'avg by (%s) (max by (instance, %s) (%s))' % [labels, labels, $.highest(name, own)],

  // Series that the first rules of the group record (targets.libsonnet).
  recorded:: {
    federation: 'job_target:onedata_target_federation:info',
    labels: 'job_target:onedata_target_labels:info',
    muted: 'job_target:onedata_target_muted:info',
    share: 'job_target_node_diagnosis:onedata_target_diagnosis:share',
    ok: 'job_target_node:onedata_target_ok:share',
    quorum: 'job_target_node_diagnosis:onedata_target_diagnosis:quorum',
  },

  // The nodes of targets that have one of these diagnoses (a regular expression or a word).
  diagnosed(diagnosis)::
    local operator = if std.length(std.findSubstr('|', diagnosis)) > 0 then '=~' else '=';
    '%s{diagnosis%s"%s"}' % [$.recorded.quorum, operator, diagnosis],

  // One or the other; in brackets, since filters bind more tightly than `or`.
  either(one, other):: '(\n%s\nor\n%s\n)' % [one, other],

  // Filters, to be appended.
  unlessMuted(window='')::
    '\nunless on (job, target) %s' %
    if window == '' then $.recorded.muted else 'max_over_time(%s[%s])' % [$.recorded.muted, window],
  whereExpected(path)::
    '\nand on (job, target) %s == 1' %
    $.highestBy('job, target', 'onedata_path_expected', 'path="%s"' % path),
  unlessDiagnosed(diagnosis)::
    '\nunless on (job, target) %s' % $.diagnosed(diagnosis),
  // Not if most exporters found the last round ok again: a path that comes and goes is not down.
  unlessOk()::
    '\nand on (job, target, node) %s < 0.5' % $.recorded.ok,

  // The expression with the labels of its targets. `source` has a series of every target that the expression can
  // name: a target without recorded labels keeps its alert.
  labelled(expr, source)::
    '(\n%(expr)s\n)\n* on (job, target) group_left (%(labels)s) (\n  %(recorded)s\n  or on (job, target) group by (job, target) (%(source)s)\n)' % {
      expr: std.strReplace('  ' + std.rstripChars(expr, '\n'), '\n', '\n  '),
      labels: std.join(', ', config.targetLabels + ['onezone', 'kind']),
      recorded: $.recorded.labels,
      source: source,
    },
}

// Phrases of PromQL that the rules are made of. All take part in `job` and `target`; `instance` is left out,
// so that two exporters that watch the same target raise one alert.
function(config) {
  local matchers(own) = std.join(',', std.filter(function(each) each != '', [config.selector, own])),

  // A metric of the exporter with label matchers.
  metric(name, own='')::
    local all = matchers(own);
    if all == '' then name else '%s{%s}' % [name, all],

  // The highest value in the window: a missed scrape changes nothing.
  highest(name, own='', window=config.window)::
    'max_over_time(%s[%s])' % [$.metric(name, own), window],

  // The same, over all series that share some labels.
  highestBy(labels, name, own='', window=config.window)::
    'max by (%s) (%s)' % [labels, $.highest(name, own, window)],

  // The nodes of targets that have one of these diagnoses (a regular expression or a word).
  diagnosed(diagnosis, labels='job, target')::
    local operator = if std.length(std.findSubstr('|', diagnosis)) > 0 then '=~' else '=';
    '%s == 1' % $.highestBy(labels, 'onedata_target_diagnosis', 'diagnosis%s"%s"' % [operator, diagnosis]),

  // One or the other; in brackets, since filters bind more tightly than `or`.
  either(one, other):: '(\n%s\nor\n%s\n)' % [one, other],

  // Filters, to be appended.
  outsideMaintenance(window=config.window)::
    '\nunless on (job, target) %s == 1' % $.highestBy('job, target', 'onedata_target_maintenance', window=window),
  whereExpected(path)::
    '\nand on (job, target) %s == 1' %
    $.highestBy('job, target', 'onedata_path_expected', 'path="%s"' % path),
  unlessDiagnosed(diagnosis)::
    '\nunless on (job, target) %s' % $.diagnosed(diagnosis),
  // Not once the last round was well again: what comes and goes is not down.
  unlessWell()::
    '\nunless on (job, target, node) min by (job, target, node) (last_over_time(%s[%s])) == 1' %
    [$.metric('onedata_target_diagnosis', 'diagnosis="ok"'), config.window],
}

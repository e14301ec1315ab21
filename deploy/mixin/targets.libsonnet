// What all alerts about targets share, recorded first in their group: every later rule of the group reads the
// values of the same evaluation.
function(config)
  local q = (import 'expressions.libsonnet')(config);
  local polled = 'unless on (job, instance, target) %s == 0' % q.highest('onedata_polls_total');
  // While exporters disagree, one of them is taken: two series of one target would stop every rule that joins them.
  local one(labels, expr) =
    'topk by (job, target) (1, group by (%s) (%s))' % [std.join(', ', ['job', 'target'] + labels), expr];
  local own = one(config.targetLabels, q.latest('onedata_target_info'));
  local members(labels) = 'group by (job, %s) (%s)' % [labels, q.latest('onedata_provider_info')];
  [
    // The members of a federation: each Oneprovider, and the Onezone that listed it.
    {
      record: q.recorded.federation,
      expr: one(
        ['onezone', 'kind'],
        |||

          label_replace(%s, "kind", "oneprovider", "", "")
          or label_replace(label_replace(%s, "target", "$1", "onezone", "(.+)"), "kind", "onezone", "", "")
        ||| % [members('target, onezone'), members('onezone')]
      ),
    },
    // The labels that alerts about a target carry: those of its configuration, and its place in a federation.
    {
      record: q.recorded.labels,
      expr: |||
        %(own)s * on (job, target) group_left (onezone, kind) %(federation)s
        or on (job, target) %(own)s
        or on (job, target) %(federation)s
      ||| % { own: own, federation: q.recorded.federation },
    },
    // Targets that no alert is raised for: in maintenance, or expected to be offline.
    {
      record: q.recorded.muted,
      expr: |||
        %s == 1
        or %s == 1
      ||| % [
        q.highestBy('job, target', 'onedata_target_maintenance'),
        q.highestBy('job, target', 'onedata_target_expected_offline'),
      ],
    },
    // Of the exporters that have finished a round, the share that made each diagnosis within the window.
    {
      record: q.recorded.share,
      expr: |||
        avg by (job, target, node, diagnosis) (
          %s
          %s
        ) > 0
      ||| % [q.highest('onedata_target_diagnosis'), polled],
    },
    // The share of them that found the last round ok.
    {
      record: q.recorded.ok,
      expr: |||
        avg by (job, target, node) (
          %s
          %s
        )
      ||| % [q.latest('onedata_target_diagnosis', 'diagnosis="ok"'), polled],
    },
    // Diagnoses that more than half of the exporters make. If more than half see an outage, and no diagnosis has
    // such a majority, every diagnosis counts; the inhibitions of Alertmanager choose the worst.
    {
      record: q.recorded.quorum,
      expr: |||
        %(share)s{diagnosis!="ok"} > 0.5
        or %(share)s{diagnosis!="ok"}
          and on (job, target, node) %(ok)s < 0.5
          unless on (job, target, node) %(share)s{diagnosis!="ok"} > 0.5
      ||| % q.recorded,
    },
  ]

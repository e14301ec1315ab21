// Certificates as the expected paths serve them. The earliest end counts, of the chain as of the leaf, over both
// paths, all nodes and exporters, and over the window: nodes behind one name may serve different certificates.
function(config)
  local q = (import 'expressions.libsonnet')(config);
  local daySeconds = 86400;
  local lowest(name) = q.lowest('onedata_tls_%s_timestamp_seconds' % name, window=config.certificateWindow);
  {
    // Recorded: seconds until the end, negative when it has passed; and from the beginning to the end of the leaf.
    remaining:: 'job_instance_target_path_node:onedata_tls_certificate_remaining:seconds',
    lifetime:: 'job_instance_target_path_node:onedata_tls_certificate_lifetime:seconds',
    records:: [
      {
        record: $.remaining,
        expr: |||
          (%s or %s) - time()
          and on (job, instance, target, path) %s == 1
        ||| % [lowest('chain_not_after'), lowest('certificate_not_after'), q.highest('onedata_path_expected')],
      },
      {
        record: $.lifetime,
        expr: |||
          %(end)s - %(begin)s
          or 0 * %(end)s + Inf
        ||| % { begin: lowest('certificate_not_before'), end: lowest('certificate_not_after') },
      },
    ],

    expired:: 'min by (job, target) (%s) < 0' % $.remaining,

    // Less remains than a share of the lifetime, and than so many days.
    near(limit)::
      'min by (job, target) (%s < clamp_max(%.6g * %s, %d))' %
      [$.remaining, limit.share, $.lifetime, limit.days * daySeconds],
  }

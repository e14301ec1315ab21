// Certificates as the expected paths serve them. The earliest end counts, of the chain as of the leaf, over both
// paths, all nodes and exporters, and over the window: nodes behind one name may serve different certificates.
// One of the chain that has expired while the whole is verified is not needed, such as an old cross-signature.
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
          (
            (%(chain)s unless (%(chain)s < time() and %(verified)s == 1))
            or %(leaf)s
          ) - time()
          and on (job, instance, target, path) %(expected)s == 1
        ||| % {
          chain: lowest('chain_not_after'),
          leaf: lowest('certificate_not_after'),
          verified: q.lowest('onedata_tls_certificate_verified', window=config.certificateWindow),
          expected: q.highest('onedata_path_expected'),
        },
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

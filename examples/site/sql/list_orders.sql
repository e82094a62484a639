SELECT order_id, ordered_on, customer, region, status, total, margin
FROM order_totals
WHERE ordered_on >= $since
  AND ($status IS NULL OR status = $status)
ORDER BY ordered_on DESC, order_id DESC
LIMIT $limit

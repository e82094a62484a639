SELECT CASE $by
         WHEN 'region' THEN region
         WHEN 'month' THEN strftime(ordered_on, '%Y-%m')
         WHEN 'customer_kind' THEN customer_kind
         WHEN 'customer' THEN customer
       END AS "group",
       count(*) AS orders,
       sum(total) AS turnover,
       sum(margin) AS margin
FROM order_totals
WHERE status NOT IN ('cancelled', 'returned')
GROUP BY 1
ORDER BY 1

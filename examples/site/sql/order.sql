SELECT o.order_id,
       o.ordered_on,
       o.status,
       c.region,
       {'name': c.name, 'city': c.city, 'country': c.country,
        'contact': c.contact_name, 'email': c.contact_email, 'phone': c.contact_phone} AS customer,
       (SELECT list({'sku': l.sku, 'product': p.name, 'quantity': l.quantity,
                     'unit_price': l.unit_price, 'unit_cost': p.unit_cost} ORDER BY l.line_no)
        FROM order_lines l JOIN products p USING (sku)
        WHERE l.order_id = o.order_id) AS lines,
       (SELECT coalesce(list(n.note ORDER BY n.note_id), [])
        FROM order_notes n
        WHERE n.order_id = o.order_id) AS notes,
       (SELECT total FROM order_totals t WHERE t.order_id = o.order_id) AS total
FROM orders o
JOIN customers c USING (customer_id)
WHERE o.order_id = $order_id

INSERT INTO order_notes (note_id, order_id, written_by, note)
SELECT nextval('order_note_ids'), order_id, get_username(), $note
FROM orders
WHERE order_id = $order_id;

SELECT n.note_id, n.order_id, c.region, o.status, n.written_by, n.note
FROM order_notes n
JOIN orders o USING (order_id)
JOIN customers c USING (customer_id)
WHERE n.order_id = $order_id
ORDER BY n.note_id DESC
LIMIT 1

SELECT quake_id, occurred_at, magnitude, place, depth_km, latitude, longitude
FROM earthquakes
WHERE magnitude >= $min_magnitude
  AND ($near IS NULL
    OR distance_km($near.latitude, $near.longitude, latitude, longitude) <= $near.radius_km)
ORDER BY magnitude DESC, occurred_at
LIMIT $limit

<?php

/*
 * Tells the synchroniser which record changed: an id and the kind of change, nothing of the record itself.
 * Messages are collected while a page is made and sent after the visitor has it. What fails is not repeated: the
 * synchroniser looks by itself as well. Nothing here may stop the shop, so everything that can throw is caught.
 * Runs on PHP 7.4 and later.
 */

use Tygh\Registry;

defined('BOOTSTRAP') or die('Access denied');

const STORESYNC_HINTS_BATCH = 100;
const STORESYNC_HINTS_MESSAGES = 50;
const STORESYNC_HINTS_SECONDS = 10;
const STORESYNC_HINTS_CONNECT_MS = 1000;
const STORESYNC_HINTS_TOTAL_MS = 2000;
const STORESYNC_HINTS_PAUSE = 60;

function fn_storesync_hints_place_order_post($cart = [], $auth = [], $action = '', $issuer_id = null, $parent_order_id = 0, $order_id = 0)
{
    fn_storesync_hints_note('order', 'updated', $order_id);
}

function fn_storesync_hints_change_order_status_post($order_id = 0, $status_to = '', $status_from = '', $force_notification = [], $place_order = false)
{
    // While an order is edited it passes through N and back: that is no change of status.
    if ($place_order || ($status_to !== 'N' && $status_from !== 'N')) {
        fn_storesync_hints_note('order', $place_order ? 'placed' : 'status', $order_id);
    }
}

function fn_storesync_hints_update_order_details_post($params = [], $order_info = [])
{
    fn_storesync_hints_note('order', 'updated', fn_storesync_hints_field($order_info, 'order_id') ?: fn_storesync_hints_field($params, 'order_id'));
}

function fn_storesync_hints_create_shipment_post($shipment_data = [], $order_info = [])
{
    fn_storesync_hints_note('order', 'updated', fn_storesync_hints_field($order_info, 'order_id'));
}

function fn_storesync_hints_delete_order($order_id = 0)
{
    fn_storesync_hints_note('order', 'deleted', $order_id);
}

function fn_storesync_hints_update_product_post($product_data = [], $product_id = 0)
{
    fn_storesync_hints_note('product', 'saved', $product_id);
}

function fn_storesync_hints_update_product_amount_post($product_id = 0)
{
    fn_storesync_hints_note('product', 'stock', $product_id);
}

function fn_storesync_hints_delete_product_post($product_id = 0)
{
    fn_storesync_hints_note('product', 'deleted', $product_id);
}

function fn_storesync_hints_tools_change_status($params = [])
{
    if (fn_storesync_hints_field($params, 'table') === 'products') {
        fn_storesync_hints_note('product', 'saved', fn_storesync_hints_field($params, 'id'));
    }
}

function fn_storesync_hints_field($data, $name)
{
    return is_array($data) && isset($data[$name]) && is_scalar($data[$name]) ? $data[$name] : '';
}

/** Remembers one change; several of one record become one, of the kind that tells most. */
function fn_storesync_hints_note($subject, $kind, $id)
{
    static $registered = false;

    try {
        $id = is_scalar($id) ? (int) $id : 0;
        if ($id < 1 || Registry::get('addons.storesync_hints.' . $subject . 's') === 'N' || fn_storesync_hints_is_sync()) {
            return;
        }
        $noted = &fn_storesync_hints_noted();
        $weight = ['stock' => 0, 'updated' => 1, 'saved' => 2, 'status' => 3, 'placed' => 4, 'deleted' => 5];
        $before = isset($noted[$subject][$id]) ? $noted[$subject][$id] : '';
        if ($before === '' || $weight[$kind] > $weight[$before]) {
            $noted[$subject][$id] = $kind;
        }
        if (!$registered) {
            $registered = true;
            register_shutdown_function('fn_storesync_hints_send');
        }
    } catch (\Throwable $problem) {
        // A hint is not worth a failed checkout.
    }
}

function &fn_storesync_hints_noted()
{
    static $noted = [];

    return $noted;
}

/** Whether the synchroniser itself makes this call of the API: it knows what it writes. */
function fn_storesync_hints_is_sync()
{
    $ours = strtolower(trim((string) Registry::get('addons.storesync_hints.sync_email')));
    $user = isset($_SERVER['PHP_AUTH_USER']) ? (string) $_SERVER['PHP_AUTH_USER'] : '';
    foreach (['HTTP_AUTHORIZATION', 'REDIRECT_HTTP_AUTHORIZATION'] as $name) {
        if ($user === '' && !empty($_SERVER[$name]) && stripos($_SERVER[$name], 'basic ') === 0) {
            $user = explode(':', (string) base64_decode(substr($_SERVER[$name], 6)), 2)[0];
        }
    }

    return $ours !== '' && strtolower($user) === $ours;
}

/** After the page: lets the visitor go, then sends. After one failure nothing more is tried for a while. */
function fn_storesync_hints_send()
{
    try {
        $endpoint = (string) Registry::get('addons.storesync_hints.endpoint');
        $secret = (string) Registry::get('addons.storesync_hints.secret');
        $pause = sys_get_temp_dir() . '/storesync_hints_' . md5($endpoint);
        if ($endpoint === '' || $secret === '' || (is_file($pause) && filemtime($pause) > time() - STORESYNC_HINTS_PAUSE)) {
            return;
        }
        fn_storesync_hints_release();
        $until = microtime(true) + STORESYNC_HINTS_SECONDS;
        foreach (fn_storesync_hints_messages() as $message) {
            if (microtime(true) > $until) {
                return;
            }
            if (!fn_storesync_hints_post($endpoint, $secret, $message)) {
                @touch($pause);

                return;
            }
        }
    } catch (\Throwable $problem) {
        // The page is out already; the synchroniser finds the change by itself.
    }
}

function fn_storesync_hints_release()
{
    ignore_user_abort(true);
    if (session_status() === PHP_SESSION_ACTIVE) {
        session_write_close();
    }
    if (function_exists('fastcgi_finish_request')) {
        fastcgi_finish_request();
    } elseif (function_exists('litespeed_finish_request')) {
        litespeed_finish_request();
    }
}

/** One message per order; products of one kind go together. */
function fn_storesync_hints_messages()
{
    $noted = fn_storesync_hints_noted();
    $messages = [];
    foreach (isset($noted['order']) ? $noted['order'] : [] as $id => $kind) {
        $messages[] = ['type' => 'order.' . $kind, 'data' => ['order_id' => $id]];
    }
    $kinds = [];
    foreach (isset($noted['product']) ? $noted['product'] : [] as $id => $kind) {
        $kinds[$kind][] = $id;
    }
    foreach ($kinds as $kind => $ids) {
        foreach (array_chunk($ids, STORESYNC_HINTS_BATCH) as $batch) {
            $messages[] = ['type' => 'product.' . $kind, 'data' => ['product_ids' => $batch]];
        }
    }

    return array_slice($messages, 0, STORESYNC_HINTS_MESSAGES);
}

/** Signed as Standard Webhooks has it: id, time stamp and body, by HMAC with SHA-256. */
function fn_storesync_hints_post($endpoint, $secret, array $message)
{
    $body = json_encode(['type' => $message['type'], 'timestamp' => gmdate('Y-m-d\TH:i:s\Z'), 'data' => $message['data']]);
    $id = 'msg_' . bin2hex(random_bytes(16));
    $stamp = (string) time();
    $key = strpos($secret, 'whsec_') === 0 ? base64_decode(substr($secret, 6)) : $secret;
    $signature = base64_encode(hash_hmac('sha256', $id . '.' . $stamp . '.' . $body, $key, true));
    $headers = [
        'Content-Type: application/json',
        'webhook-id: ' . $id,
        'webhook-timestamp: ' . $stamp,
        'webhook-signature: v1,' . $signature,
    ];
    $status = function_exists('curl_init')
        ? fn_storesync_hints_by_curl($endpoint, $headers, $body)
        : fn_storesync_hints_by_stream($endpoint, $headers, $body);

    return $status >= 200 && $status < 300;
}

function fn_storesync_hints_by_curl($endpoint, array $headers, $body)
{
    $call = curl_init($endpoint);
    curl_setopt_array($call, [
        CURLOPT_POST => true,
        CURLOPT_POSTFIELDS => $body,
        CURLOPT_HTTPHEADER => $headers,
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_FOLLOWLOCATION => false,
        CURLOPT_NOSIGNAL => true,
        CURLOPT_CONNECTTIMEOUT_MS => STORESYNC_HINTS_CONNECT_MS,
        CURLOPT_TIMEOUT_MS => STORESYNC_HINTS_TOTAL_MS,
    ]);
    curl_exec($call);

    return (int) curl_getinfo($call, CURLINFO_RESPONSE_CODE);
}

function fn_storesync_hints_by_stream($endpoint, array $headers, $body)
{
    $options = [
        'method' => 'POST',
        'header' => implode("\r\n", $headers),
        'content' => $body,
        'timeout' => STORESYNC_HINTS_TOTAL_MS / 1000,
        'follow_location' => 0,
        'ignore_errors' => true,
    ];
    $stream = @fopen($endpoint, 'r', false, stream_context_create(['http' => $options]));
    if ($stream === false) {
        return 0;
    }
    $lines = stream_get_meta_data($stream)['wrapper_data'];
    fclose($stream);

    return isset($lines[0]) && preg_match('~^HTTP/\S+ (\d{3})~', $lines[0], $found) ? (int) $found[1] : 0;
}

<?php

/*
 * Just enough of a shop for the add-on: settings, hooks, a page, and the moment when the visitor has it.
 * Arguments: settings as JSON, and a list of [hook, arguments] as JSON.
 */

namespace Tygh {
    class Registry
    {
        public static $values = [];

        public static function get($name)
        {
            if (getenv('BROKEN')) {
                throw new \Error('the registry is broken');
            }

            return isset(self::$values[$name]) ? self::$values[$name] : null;
        }
    }
}

namespace {
    define('BOOTSTRAP', true);

    $hooks = [];
    $began = microtime(true);

    function fn_register_hooks(...$names)
    {
        $GLOBALS['hooks'] = $names;
    }

    if (!function_exists('fastcgi_finish_request')) {
        function fastcgi_finish_request()
        {
            fwrite(STDERR, sprintf("page after %.3f\n", microtime(true) - $GLOBALS['began']));
        }
    }

    list(, $folder, $settings, $calls) = $argv;
    foreach (json_decode($settings, true) as $name => $value) {
        Tygh\Registry::$values['addons.storesync_hints.' . $name] = $value;
    }
    if (getenv('API_USER')) {
        $_SERVER['HTTP_AUTHORIZATION'] = 'Basic ' . base64_encode(getenv('API_USER') . ':key');
    }
    require $folder . '/init.php';
    require $folder . '/func.php';

    foreach (json_decode($calls, true) as list($hook, $arguments)) {
        if (!in_array($hook, $hooks, true)) {
            throw new \LogicException('not registered: ' . $hook);
        }
        call_user_func_array('fn_storesync_hints_' . $hook, $arguments);
    }
    echo 'the page';
}

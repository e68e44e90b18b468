<?php

defined('BOOTSTRAP') or die('Access denied');

fn_register_hooks(
    'place_order_post',
    'change_order_status_post',
    'update_order_details_post',
    'create_shipment_post',
    'delete_order',
    'update_product_post',
    'update_product_amount_post',
    'delete_product_post',
    'tools_change_status'
);

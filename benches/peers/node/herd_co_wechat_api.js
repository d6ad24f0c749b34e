// The herd with co-wechat-api.
'use strict';

const API = require('co-wechat-api');
const { herd, upstream } = require('./herd');

const api = new API('wx3cc8fd6963e31a32', 'secret');
api.prefix = upstream + '/cgi-bin/';

herd({
  token: () => api.ensureAccessToken(),
  call: () => api.getIp(),
});

// A callback server with co-wechat and koa.
'use strict';

process.env.NODE_ENV = 'production';

const Koa = require('koa');
const wechat = require('co-wechat');

const { PORT, WECHAT_TOKEN, WECHAT_AES_KEY, WECHAT_APPID, MODE } = process.env;
const secure = { token: WECHAT_TOKEN, appid: WECHAT_APPID, encodingAESKey: WECHAT_AES_KEY };

// An empty text is the library's only way to send no reply.
const push = wechat(MODE === 'secure' ? secure : WECHAT_TOKEN).middleware(async () => '');

const app = new Koa();
app.silent = true;
app.use((ctx, next) => (ctx.path === '/wxmsg' ? push(ctx, next) : next()));
app.listen(Number(PORT), '127.0.0.1');

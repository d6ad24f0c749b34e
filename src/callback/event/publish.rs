//! What became of an article that was published. Source: 发布能力, 事件推送发布结果.

use super::read::Place;

view! {
    /// 事件推送发布结果: what became of an article that was published.
    PublishJobFinish {
        /// The id that the call to publish it returned.
        publish_id: text = "publish_id" in "PublishEventInfo";
        /// The id as a number.
        publish_id_u64: number u64 = "publish_id" in "PublishEventInfo";
        /// What became of it.
        status: choice PublishStatus = "publish_status" in "PublishEventInfo";
        /// The id of what was published, if it was.
        article_id: value = "article_id" in "PublishEventInfo";
        /// Which articles failed the check for copies or the review, counted from 1.
        failed: numbers u32 = "fail_idx" in "PublishEventInfo";
    }
}

impl<'a> PublishJobFinish<'a> {
    /// Where the articles can be read, if they were published.
    pub fn articles(&self) -> impl Iterator<Item = PublishedArticle<'a>> + use<'a> {
        let detail = Place {
            name: "article_detail",
            block: Some("PublishEventInfo"),
        };
        let item = Place {
            name: "item",
            block: None,
        };
        // Without items there is a count of 0, which is no article.
        let details = detail.all(self.all());
        details.flat_map(move |detail| item.list(detail.children()))
    }
}

view! {
    /// Where one article of [`PublishJobFinish`] can be read.
    part PublishedArticle {
        /// Which article, counted from 1.
        idx: number u32 = "idx";
        /// Its address, which lasts.
        url: text = "article_url";
    }
}

choice! {
    /// What became of an article that was published.
    PublishStatus {
        /// 成功.
        Success = "0";
        /// 发布中.
        Publishing = "1";
        /// 原创失败: it did not pass the check for copies.
        OriginalCheckFailed = "2";
        /// 常规失败.
        Failed = "3";
        /// 平台审核不通过: it did not pass the review.
        AuditRefused = "4";
        /// 成功后用户删除所有文章: the author deleted it after it was published.
        Deleted = "5";
        /// 成功后系统封禁所有文章: the platform banned it after it was published.
        Banned = "6";
    }
}

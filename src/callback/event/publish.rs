//! The result of publishing an article. Source: 发布能力, 事件推送发布结果.

use super::read::Place;

view! {
    /// 事件推送发布结果: the result of publishing an article.
    PublishJobFinish {
        /// The id that the publish call returned.
        publish_id: text = "publish_id" in "PublishEventInfo";
        /// The id as a number.
        publish_id_u64: number u64 = "publish_id" in "PublishEventInfo";
        /// The status.
        status: choice PublishStatus = "publish_status" in "PublishEventInfo";
        /// The id of the published article, if publishing succeeded.
        article_id: value = "article_id" in "PublishEventInfo";
        /// The positions of the articles that failed the originality check or the review, counted
        /// from 1.
        failed: numbers u32 = "fail_idx" in "PublishEventInfo";
    }
}

impl<'a> PublishJobFinish<'a> {
    /// Returns the published articles with their URLs.
    pub fn articles(&self) -> impl Iterator<Item = PublishedArticle<'a>> + use<'a> {
        let detail = Place {
            name: "article_detail",
            block: Some("PublishEventInfo"),
        };
        let item = Place {
            name: "item",
            block: None,
        };
        // Without items, the element contains only a count of 0.
        let details = detail.all(self.all());
        details.flat_map(move |detail| item.list(detail.children()))
    }
}

view! {
    /// An article of [`PublishJobFinish`].
    part PublishedArticle {
        /// The position of the article, counted from 1.
        idx: number u32 = "idx";
        /// The permanent URL.
        url: text = "article_url";
    }
}

choice! {
    /// The status of a published article.
    PublishStatus {
        /// 成功.
        Success = "0";
        /// 发布中.
        Publishing = "1";
        /// 原创失败: the article did not pass the originality check.
        OriginalCheckFailed = "2";
        /// 常规失败.
        Failed = "3";
        /// 平台审核不通过: the article did not pass the review.
        AuditRefused = "4";
        /// 成功后用户删除所有文章: the author deleted all articles after publishing.
        Deleted = "5";
        /// 成功后系统封禁所有文章: the platform banned all articles after publishing.
        Banned = "6";
    }
}
